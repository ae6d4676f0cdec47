"""Keep: what an operator does to an archive: verify, compact, erase."""
