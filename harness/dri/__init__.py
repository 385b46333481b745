"""The DRI scorer: a no-reference quality model (docs/dri.md)."""
