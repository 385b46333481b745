"""Everything a report may show, computed once and handed to report plugins."""
