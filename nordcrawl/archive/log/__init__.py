"""Log: what the commits of all writers add up to."""
