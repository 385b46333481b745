"""The scorer's network, from pixels to a distribution of opinion scores."""
