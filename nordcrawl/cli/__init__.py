"""Command line: one module a command, its options and its work."""
