"""Page: one answer of a web server, as values; Visit: the addresses of one.

Knows nothing of how it was fetched, nor of what stands in it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property


@dataclass(frozen=True)
class Page:
    """A fetched page: bytes after HTTP content decoding, never a parsed tree."""

    url: str
    """Where the body came from, after redirects."""
    body: bytes = field(repr=False)
    fetched_at: datetime
    """UTC, aware."""
    requested_url: str = ""
    """What was asked for first; the same as `url` when nothing redirected."""
    redirects: tuple[str, ...] = ()
    """Addresses passed on the way, the requested one first, the final one left out."""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Names in lower case, in wire order, repeats kept."""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, by its lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    @cached_property
    def body_sha256(self) -> str:
        """Digest of `body`, 64 hex digits; made once, and pickled along with the page."""
        return hashlib.sha256(self.body).hexdigest()

    @cached_property
    def size(self) -> int:
        """Bytes of `body`; pickled along, too."""
        return len(self.body)

    def without_body(self) -> Page:
        """Return the same page with an empty body, and digest and size of the one it had: for who
        has read it, and only hands on what is to be known of it."""
        bare = replace(self, body=b"")
        vars(bare).update(body_sha256=self.body_sha256, size=self.size)
        return bare


@dataclass(frozen=True, slots=True)
class Visit:
    """A page's addresses in the canonical form of its source, spelled once: see
    `nordcrawl.sources.source.Source.locate`."""

    page: Page
    asked: str
    """The discovered URL that it answers: the ledger's key."""
    url: str
    """Where it came from, after redirects."""
    passed: tuple[str, ...] = ()
    """Other addresses on the way there, the one that was asked for first."""
    cms_id: str | None = None
    """The CMS's id of the article, where `url` tells it."""
