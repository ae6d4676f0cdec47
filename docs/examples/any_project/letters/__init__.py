"""Somebody's own Scrapy project, whose items nordcrawl archives (docs/scrapy.md)."""
