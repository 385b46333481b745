"""One metric a file; pyiqa's by its catalogue."""
