"""Scrapy commands of nordcrawl (``COMMANDS_MODULE``)."""
