"""Demo: a small invented news site on loopback, for a first run and for the tests.

`site.DemoSite` is the server, `truth.expected` what a right crawl of it archives. The stories are
invented, as are the people and places in them; the markup imitates a real site's. Runs on the
standard library alone and knows nothing of crawling, extraction or archives.
"""

from __future__ import annotations

from nordcrawl.demo.handler import Seen
from nordcrawl.demo.site import DemoSite, serve
from nordcrawl.demo.truth import ExpectedStory, expected

__all__ = ["DemoSite", "ExpectedStory", "Seen", "expected", "serve"]
