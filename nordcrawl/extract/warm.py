"""Pay once a process what would fall on the first page: word lists, models, compiled selectors.

Does not change how a page is read.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from nordcrawl.extract.fields.language import identifier
from nordcrawl.extract.pipeline import extract
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

_PAGE = b"""<!doctype html><html lang="en"><head><title>Warm up</title></head><body><article>
<h1>Warm up</h1><p>%s</p></article></body></html>"""


def warm_up() -> None:
    """Load what extraction needs, about 0.2 s of CPU, and quiet the engine's own log.

    What the engine logs about a page it can't read is told by the outcome of that page.
    """
    for name in ("trafilatura", "htmldate", "justext", "readability", "charset_normalizer"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    identifier()
    body = _PAGE % (b"This is a line of text that is long enough to be one. " * 20)
    at = datetime(2000, 1, 1, tzinfo=UTC)
    for family in ("generic", "labrador"):
        extract(Page("http://localhost/a/1", body, at), Profile(family=family))
