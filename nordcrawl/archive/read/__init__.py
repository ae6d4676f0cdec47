"""Read: each record once, hash-checked."""
