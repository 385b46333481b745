"""The scorer: its metric; network/, lessons/ and training/ (docs/dri.md)."""
