"""Families: where the pages of a publishing system have their article. They only anchor."""
