"""What there is, whether it keeps its contract, and how a network becomes a restorer."""
