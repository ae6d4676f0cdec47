"""Overview: one run for a person who was not there: what came, what failed, what is unusual.

`gather` reads it out of the archive, as values; `markdown`, `page` (HTML) and JSON show them.
`charts` draws, and is the only one that knows the charting library.
"""
