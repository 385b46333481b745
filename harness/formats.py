"""Which files of a folder are images. Apart from `harness.images`, so that `restobench list` needs no numpy."""

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".gif"}
)
"""File name suffixes, in lower case, that folders of images are searched for."""
