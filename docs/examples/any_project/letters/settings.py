"""Settings of the project; where the archive lies says NORDCRAWL_ARCHIVE."""

SPIDER_MODULES = ["letters.spiders"]
USER_AGENT = "letters (+https://letters.example/about)"
ROBOTSTXT_OBEY = True
ADDONS = {"nordcrawl.addon.NordcrawlAddon": 1}
