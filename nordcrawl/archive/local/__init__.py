"""Local: the spool and the state on this machine's disk. Private to the archive."""
