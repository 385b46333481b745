"""Single images scored, degraded and restored."""
