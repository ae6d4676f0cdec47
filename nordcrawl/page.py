"""Page: one answer of a web server, as values.

Knows nothing of how it was fetched, nor of what stands in it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A fetched page: bytes after HTTP content decoding, never a parsed tree."""

    url: str
    """Where the body came from, after redirects."""
    body: bytes
    fetched_at: datetime
    """UTC, aware."""
    requested_url: str = ""
    """What was asked for first; the same as `url` when nothing redirected."""
    redirects: tuple[str, ...] = ()
    """Addresses passed on the way, the requested one first, the final one left out."""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, in wire order, repeats kept."""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, by its lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def body_sha256(self) -> str:
        """Digest of `body`, 64 hex digits."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Profile:
    """What extraction has to know of the site; everything has a default that fits any site.

    Made from a source by `nordcrawl.sources.Source.profile`; small, so that it travels to a
    worker process with each page.
    """

    family: str = "generic"
    """The page family: ``labrador`` or ``generic``."""
    site_title: str | None = None
    """The publisher's name, cut off from page titles."""
    timezone: str = "UTC"
    """IANA zone of dates that name none."""
    languages: tuple[tuple[str, str], ...] = ()
    """(host with port as in URLs, BCP 47 language) pairs."""
    prune: tuple[str, ...] = ()
    """CSS selectors of what is never part of an article."""
    labels: tuple[str, ...] = ()
    """Lines that are labels, not text: compared case-folded, without a final colon or stop."""
    select: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())
    """(field, CSS selectors, first match wins) pairs that go before the family's own."""

    def selectors(self, name: str) -> tuple[str, ...]:
        """Return the site's own selectors of a field, perhaps none."""
        return dict(self.select).get(name, ())

    def language_of(self, host: str) -> str | None:
        """Return the language that this site's host (with port) is written in."""
        return dict(self.languages).get(host)
