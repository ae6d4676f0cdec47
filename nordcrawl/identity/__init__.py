"""Identity: which article a page is, what is new in it, and what differs."""
