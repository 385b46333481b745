"""A plan, and carrying it out, a cell at a time."""
