"""The leaderboard as a folder of pages that opens from disk."""
