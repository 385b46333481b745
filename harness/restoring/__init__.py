"""One image through one restorer: what it sees, what it may do."""
