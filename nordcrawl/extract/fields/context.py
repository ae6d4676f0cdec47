"""Weigh what a page says of its article, field by field, and keep where each value came from.

The order of the sources is by measured precision: JSON-LD before meta tags before microdata
before what is printed. Does not read the body beyond what it is handed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo

from lxml.html import HtmlElement

from nordcrawl.extract.fields import date_order
from nordcrawl.extract.page import dates
from nordcrawl.extract.page.dates import Moment
from nordcrawl.extract.page.head import Head
from nordcrawl.model.article import Evidence, Translation
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile


@dataclass(frozen=True, slots=True)
class Given:
    """What a family's or source's own selectors found; each goes before all other evidence."""

    origin: str = ""
    selected: frozenset[str] = frozenset()
    """Names of the fields that the source's own selectors found."""
    printed: frozenset[str] = frozenset()
    """Names of the fields that were found by their place on the page alone."""
    title: str | None = None
    subtitle: str | None = None
    kicker: str | None = None
    authors: tuple[str, ...] = ()
    published: Moment | None = None
    modified: Moment | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    cms_id: str | None = None
    translations: tuple[Translation, ...] = ()
    paywalled: bool | None = None

    def origin_of(self, name: str) -> str:
        """Return where a field of this came from."""
        if name in self.printed:
            return "printed"
        return "selector" if name in self.selected else self.origin


@dataclass(slots=True)
class Notes:
    """Where each field came from, gathered on the way."""

    evidence: dict[str, Evidence] = field(default_factory=dict)

    def note(self, name: str, origin: str, moment: Moment | None = None) -> None:
        """Remember the origin of a field that has a value."""
        self.evidence[name] = Evidence(
            origin, moment.precision if moment else None, moment.zone if moment else None
        )


@dataclass(frozen=True, slots=True)
class Context:
    """All that metadata is read from."""

    page: Page
    profile: Profile
    root: HtmlElement
    head: Head
    given: Given

    @property
    def local(self) -> tzinfo:
        """Return the zone of dates that name none."""
        return dates.zone_of(self.profile.timezone)

    @property
    def month_first(self) -> bool | None:
        """Return whether 06/03/2024 is the third of June here; None where nothing tells."""
        return date_order.month_first(self.head, self.profile, self.page.url)
