"""Degradations, degraded sets, benchmark definitions and their loader."""
