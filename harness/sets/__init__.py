"""Sets of images on disk: written with a manifest, or downloaded."""
