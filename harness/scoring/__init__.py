"""What metrics see of an image, what they say, and whether people agree."""
