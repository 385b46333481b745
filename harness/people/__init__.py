"""Blind comparisons by people: which pairs, votes files, screening, strengths, agreement."""
