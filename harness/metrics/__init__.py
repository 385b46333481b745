"""Classic quality metrics and the adapter to pyiqa; one metric a file."""
