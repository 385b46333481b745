"""Image files that Pillow reads wrongly or with fewer bits: TIFF, 16 bits of colour, arrays."""
