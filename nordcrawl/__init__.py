"""nordcrawl: crawl news sites, extract clean articles, archive them as JSON Lines.

The way through the house is the way of an article: ``sources`` -> ``discover`` -> fetch
(Scrapy) -> ``extract`` -> ``dedup`` -> ``archive`` -> read. ARCHITECTURE.md draws it.
"""

__version__ = "0.1.0"
