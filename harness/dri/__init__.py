"""The scorer: its metric; network/, opinions/ and training/ (docs/dri.md)."""
