"""Processes that may hang, die or take too much, and what one call in them costs."""
