"""Validation inside a training loop."""
