"""Reports: presentations of a finished run. Each computes no statistics and reads no store."""
