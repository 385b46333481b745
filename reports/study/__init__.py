"""The pages of a study: what observers see."""
