"""Lexicon: words by language, as data. Grows without touching code."""
