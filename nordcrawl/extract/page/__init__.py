"""Page: bytes to a tree, its text runs, and what its head says."""
