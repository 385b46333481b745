"""The history of many runs as a page and as a plot."""
