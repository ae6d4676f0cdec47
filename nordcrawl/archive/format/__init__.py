"""Format: the bytes of the archive: keys, lines, seals, commits, orders, checkpoints. No I/O."""
