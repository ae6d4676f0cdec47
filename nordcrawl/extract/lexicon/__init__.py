"""Lexicon: words by language, as data: a file a table, a key a language.

Grows without touching code: a phrase for Finnish boxes of related articles is a word in
``related_boxes.toml`` under ``fi``. Says what words are, not what is done with a match.
"""
