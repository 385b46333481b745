"""What the scorer learns from: opinions of people, and what its frozen part says of images."""
