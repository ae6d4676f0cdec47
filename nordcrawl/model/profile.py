"""Profile: what an extractor is told of a source."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Profile:
    """What extraction has to know of the site; everything has a default that fits any site.

    Made from a source by `nordcrawl.sources.source.Source.profile`; small, so that it travels to a
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

    told_title: str | None = None
    """A title for this one page, as others tell it, if it has none of its own."""

    def selectors(self, name: str) -> tuple[str, ...]:
        """Return the site's own selectors of a field, perhaps none."""
        return dict(self.select).get(name, ())

    def language_of(self, host: str) -> str | None:
        """Return the language that this site's host (with port) is written in."""
        return dict(self.languages).get(host)
