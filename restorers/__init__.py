"""Restorers: one adapter a file. Each is registered through an entry point in setup.cfg."""
