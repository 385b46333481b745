"""A plan, and carrying it out: degrade, restore, score, store, a cell at a time."""
