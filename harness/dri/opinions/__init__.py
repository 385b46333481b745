"""What people said of images: sets of opinions to learn from, and how each is read."""
