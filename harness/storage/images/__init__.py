"""How images of a run and of the cache are kept: by content, and checked whenever they are read."""
