"""A plan on many nodes: its chunks, what a node does of one, what is taken in."""
