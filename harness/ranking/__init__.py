"""Who is better: leaderboards, pairs, orders over a whole task, and how far they can be trusted."""
