"""The spiders: one class, `nordcrawl.spiders.news.NewsSpider`, and one subclass a source."""
