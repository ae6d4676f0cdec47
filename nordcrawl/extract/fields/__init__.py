"""Fields: title, authors, times, language and the rest, each with where it came from."""
