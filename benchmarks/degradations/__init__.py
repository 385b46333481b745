"""Seeded, labelled ways to make an image worse."""
