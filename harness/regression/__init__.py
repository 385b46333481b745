"""Is today worse than before: baselines, verdicts, trends over many runs."""
