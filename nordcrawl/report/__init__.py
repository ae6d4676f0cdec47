"""Report: what a run did, its exit code, and how both read."""
