"""Makes the scorer's weights: configuration, data, and three stages."""
