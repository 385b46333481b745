"""RLFN as a restorer of restobench."""
