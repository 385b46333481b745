"""Intervals, tests and strengths over arrays; knows nothing of restorers."""
