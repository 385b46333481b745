"""The scorer: its metric; network/ and training/ (docs/dri.md)."""
