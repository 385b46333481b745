"""What a run and the cache hold on disk."""
