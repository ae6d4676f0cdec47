"""Body: which lines of a page are its text, and what kind of block each is."""
