"""A spider that finds letters to the editor in its own way, and yields their pages."""

from collections.abc import Iterator
from typing import Any

import scrapy
from scrapy.http import TextResponse


class Letters(scrapy.Spider):
    """Crawls one site: ``scrapy crawl letters -a site=https://letters.example``."""

    name = "letters"
    language = "en"  # what nordcrawl may take for granted of its pages; so title, timezone, country

    def __init__(self, site: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = [f"{site}/letters"]

    def parse(self, response: TextResponse) -> Iterator[Any]:
        """Follow each letter of the list."""
        yield from response.follow_all(css="a.letter", callback=self.parse_letter)

    def parse_letter(self, response: TextResponse) -> Iterator[dict[str, Any]]:
        """Yield what the project wants of a letter; url and body are what nordcrawl archives."""
        yield {
            "url": response.url,
            "body": response.text,
            "signed": response.css(".signed::text").get(),
        }
