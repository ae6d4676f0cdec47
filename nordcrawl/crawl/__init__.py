"""Crawl: one run of one source, without Scrapy; the only place where stages meet."""
