"""Sources: whom we crawl, as data, checked on load.

A source is a TOML table ``[sources.<name>]``; those of the package lie beside this module, an
operator's own files are named by ``NORDCRAWL_SOURCES``. docs/sources.md lists the keys. Knows
nothing of how pages are fetched or read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from nordcrawl.errors import UsageError
from nordcrawl.model.page import Page, Visit
from nordcrawl.model.printable import without_user
from nordcrawl.model.profile import Profile
from nordcrawl.model.url import (
    canonicalize,
    host_of,
    is_loopback,
    path_of,
    without_parameters,
    without_query,
)
from nordcrawl.sources.wording import in_words

#: Politeness floor for real hosts, in seconds between two requests to one host.
MIN_DELAY_S = 1.0

#: Least delay given to Scrapy. Without one, Scrapy 2.19 hands all that waits for a host to it at
#: once, whatever CONCURRENT_REQUESTS_PER_DOMAIN says.
LEAST_DELAY_S = 0.001

EntryKind = Literal["sitemap", "feed", "listing"]
LinkKind = Literal["article", "listing", "other", "foreign"]


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.\-]+(?::\d{1,5})?|\[[0-9a-fA-F:]+\](?::\d{1,5})?", text):
        raise ValueError("a host name or address, with a port where it is not the usual one")
    return text.lower()


def _entry(text: str) -> str:
    if not text.startswith(("/", "http://", "https://")) or text.startswith("//"):
        raise ValueError("a path that starts with / (tried on every host), or an http(s) URL")
    if without_user(text) != text:
        raise ValueError("an address without user name and password: they are never sent")
    return text


Regex = Annotated[str, AfterValidator(_regex)]
Host = Annotated[str, AfterValidator(_host)]
Entry = Annotated[str, AfterValidator(_entry)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]

SelectField = Literal[
    "authors", "body", "kicker", "modified_at", "published_at", "section", "subtitle", "tags",
    "title",
]  # fmt: skip


class Source(BaseModel):
    """One publisher's site; every key of its table, with the default where it has one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    name: str
    title: str
    """The publisher's name as printed; cut off from page titles."""
    hosts: Annotated[dict[Host, Language], Field(min_length=1)]
    """Host (with port if unusual) -> language of that edition."""
    alias_hosts: tuple[Host, ...] = ()
    """Hosts that show or redirect to the same pages; fetched when linked, never entered."""
    scheme: Literal["http", "https"] | None = None
    """How paths become URLs; https, on loopback http."""
    family: Literal["labrador", "generic"] = "generic"
    timezone: str = "UTC"
    """IANA zone of dates that name none."""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    robots_sitemaps: bool = True
    """Read the Sitemap lines of robots.txt."""
    sitemaps: tuple[Entry, ...] = ()
    feeds: tuple[Entry, ...] = ()
    listings: tuple[Entry, ...] = ()
    """Front and section pages; their links are taken where `article_urls` matches."""
    follow_listings: tuple[Regex, ...] = ()
    """Paths of further listings, where a listing or sitemap names them."""
    max_listings: Annotated[int, Field(ge=0, le=10_000)] = 20
    """How many of those are read in a run."""
    article_urls: tuple[Regex, ...] = ()
    """What paths (with query) of articles look like; a group ``id`` is the CMS's own id. Empty:
    whatever feeds and sitemaps name."""
    deny_urls: tuple[Regex, ...] = ()
    """Paths (with query) that are never fetched as articles."""
    deny_query: tuple[str, ...] = ()
    """Query parameters that make another rendering of a page: such links are not followed."""
    noise_query: tuple[str, ...] = ()
    """Query parameters that say nothing of the page: article links are taken without them."""
    keep_query: tuple[str, ...] = ()
    """Query parameters that are part of a page's name here, though elsewhere they only tell who
    sent the reader (`nordcrawl.model.url.TRACKING`)."""
    strip_query: bool = False
    """The query says nothing on this site: article links are fetched without it."""
    delay_s: Annotated[float, Field(ge=0, le=600)] | None = None
    """Seconds between two requests to one host; 1, on loopback 0."""
    rights: Literal["respect", "record"] = "respect"
    """Pages whose publisher reserves them are not archived (``respect``), or archived with what
    was said (``record``: for those with a licence or a right of their own); docs/rights.md."""
    capture: bool | None = None
    """Keep the page of each article as it was fetched; docs/captures.md. Instead of
    ``NORDCRAWL_CAPTURE``."""
    suspect_share: Annotated[float, Field(ge=0, le=1)] | None = None
    """A run is suspect when more than this share of its pages is bad, instead of
    ``NORDCRAWL_SUSPECT_SHARE``."""
    suspect_pages: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Of so many pages at least, instead of ``NORDCRAWL_SUSPECT_PAGES``."""
    prune: tuple[str, ...] = ()
    """CSS selectors of what is never part of an article."""
    labels: tuple[str, ...] = ()
    """Lines that are labels and not text."""
    select: dict[SelectField, tuple[str, ...]] = Field(default_factory=dict)
    """CSS selectors that go before the family's own, first match wins."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("no IANA time zone, such as Europe/Oslo") from error
        return value

    @field_validator("prune")
    @classmethod
    def _selectors(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for selector in value:
            _check_selector(selector)
        return value

    @field_validator("select")
    @classmethod
    def _field_selectors(
        cls, value: dict[SelectField, tuple[str, ...]]
    ) -> dict[SelectField, tuple[str, ...]]:
        for selectors in value.values():
            for selector in selectors:
                _check_selector(selector)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (self.sitemaps or self.feeds or self.listings or self.robots_sitemaps):
            raise ValueError("one of sitemaps, feeds, listings, robots_sitemaps must be given")
        if self.listings and not self.article_urls:
            raise ValueError("listings need article_urls, which tell articles from other links")
        if self.delay_s is not None and self.delay_s < MIN_DELAY_S and self.real_hosts:
            raise ValueError(f"delay_s below {MIN_DELAY_S} is for loopback hosts only")
        if both := set(self.noise_query) & set(self.keep_query):
            raise ValueError(f"{', '.join(sorted(both))}: both noise_query and keep_query")
        for kind in ("sitemap", "feed", "listing"):
            for url in self.entries(kind):
                if not self.allows(url):
                    raise ValueError(
                        f"{kind} {url}: its host is none of hosts and alias_hosts "
                        f"({', '.join(self.all_hosts)})"
                    )
        return self

    @classmethod
    def table_keys(cls) -> list[str]:
        """Return the keys of a source's table."""
        return [key for key in cls.model_fields if key != "name"]

    @property
    def all_hosts(self) -> tuple[str, ...]:
        """Every host that may be asked, with port where it is unusual."""
        return (*self.hosts, *self.alias_hosts)

    @property
    def real_hosts(self) -> tuple[str, ...]:
        """The hosts that are not this machine: these want a contact and politeness."""
        return tuple(host for host in self.all_hosts if not is_loopback(host))

    @property
    def delay(self) -> float:
        """Seconds between two requests to one host."""
        if self.delay_s is not None:
            return self.delay_s
        return MIN_DELAY_S if self.real_hosts else 0.0

    @property
    def profile(self) -> Profile:
        """What extraction has to know."""
        return Profile(
            family=self.family,
            site_title=self.title,
            timezone=self.timezone,
            languages=tuple(self.hosts.items()),
            prune=self.prune,
            labels=self.labels,
            select=tuple(self.select.items()),
        )

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of dates that name none."""
        return ZoneInfo(self.timezone)

    def scheme_of(self, host: str) -> str:
        """Return the scheme that paths on this host are fetched by."""
        return self.scheme or ("http" if is_loopback(host) else "https")

    def home(self, host: str) -> str:
        """Return the front page's URL of a host."""
        return f"{self.scheme_of(host)}://{host}/"

    def entries(self, kind: EntryKind) -> list[str]:
        """Return the URLs to start from; a path stands for that path on each of `hosts`."""
        given = {"sitemap": self.sitemaps, "feed": self.feeds, "listing": self.listings}[kind]
        return list(
            dict.fromkeys(
                canonicalize(entry, base=self.home(host))
                for entry in given
                for host in (self.hosts if entry.startswith("/") else [""])
            )
        )

    def allows(self, url: str) -> bool:
        """Return whether a canonical URL's host and port are this source's."""
        return host_of(url) in self._netlocs

    def link(self, url: str, base: str | None = None) -> str:
        """Return the canonical form in which this source's links are kept.

        Raises:
            ValueError: not an http(s) URL, or unparsable.
        """
        canonical = canonicalize(url, base, keep=self.keep_query)
        if self.strip_query:
            return without_query(canonical)
        return without_parameters(canonical, self.noise_query) if self.noise_query else canonical

    def is_denied(self, url: str) -> bool:
        """Return whether a URL as found is one that is never followed, on any page."""
        return not self.allows(canonicalize(url)) or self._is_denied(url)

    def _is_denied(self, url: str) -> bool:
        keys = {part.partition("=")[0] for part in urlsplit(url).query.split("&")}
        if keys & set(self.deny_query):
            return True
        return any(pattern.search(path_of(url)) for pattern in self._denied)

    def is_article(self, url: str) -> bool:
        """Return whether a canonical URL has the shape of an article (True where none is given)."""
        if not self.article_urls:
            return True
        return any(pattern.search(path_of(url)) for pattern in self._articles)

    def is_listing(self, url: str) -> bool:
        """Return whether a canonical URL has the shape of a listing to follow."""
        return any(pattern.search(path_of(url)) for pattern in self._listings)

    def sort(self, found: str, base: str) -> tuple[LinkKind, str]:
        """Return what an address found on a sitemap, feed or listing is, and its canonical form.

        Raises:
            ValueError: not an http(s) URL, or unparsable.
        """
        kept = self.link(found, base)
        if not self.allows(kept):
            return "foreign", kept
        if not self._is_denied(found):
            if self.is_listing(kept):
                return "listing", kept
            if path_of(kept) != "/" and self.is_article(kept):
                return "article", kept
        return "other", kept

    def cms_id(self, url: str) -> str | None:
        """Return the CMS's id of an article that its URL tells, if its shape has one."""
        for pattern in self._articles:
            match = pattern.search(path_of(url))
            if match and "id" in pattern.groupindex and match["id"]:
                return match["id"]
        return None

    def locate(self, page: Page, asked: str) -> Visit:
        """Return a page with its addresses as this source spells them. `asked` is the discovered
        URL, in canonical form; what can't be spelled of the way from there is left out.

        Raises:
            ValueError: where the page came from is no http(s) URL.
        """
        plain = not (self.strip_query or self.noise_query)
        if page.url == asked and not page.redirects and plain:
            return Visit(page, asked, asked, (), self.cms_id(asked))  # as nearly all
        url = self.link(page.url)
        passed = (self._spelled(hop) for hop in dict.fromkeys((asked, *page.redirects)))
        others = dict.fromkeys(hop for hop in passed if hop is not None and hop != url)
        return Visit(page, asked, url, tuple(others), self.cms_id(url))

    def _spelled(self, url: str) -> str | None:
        try:
            return self.link(url)
        except ValueError:
            return None

    def with_hosts(self, mapping: Mapping[str, str]) -> Source:
        """Return the same source on other hosts: for trying it on a local copy of the site.

        Entries given as URLs move along; `scheme` is left to the new hosts.

        Raises:
            UsageError: a key of `mapping` is no host of this source, or hosts collide.
        """
        unknown = set(mapping) - set(self.all_hosts)
        if unknown:
            raise UsageError(
                f"NORDCRAWL_HOSTS: {', '.join(sorted(unknown))} is no host of source {self.name}; "
                f"its hosts are {', '.join(self.all_hosts)}"
            )

        def move(entry: str) -> str:
            host = host_of(entry)
            if entry.startswith("/") or host not in mapping:
                return entry
            new = mapping[host]
            scheme = "http" if is_loopback(new) else "https"
            return f"{scheme}://{new}{path_of(entry)}"

        values = self.model_dump()
        values.update(
            hosts={mapping.get(host, host): language for host, language in self.hosts.items()},
            alias_hosts=tuple(mapping.get(host, host) for host in self.alias_hosts),
            scheme=None,
            **{key: tuple(map(move, values[key])) for key in ("sitemaps", "feeds", "listings")},
        )
        try:
            moved = type(self).model_validate(values)
        except ValidationError as error:
            words = in_words(error, self.name, self.table_keys())
            raise UsageError(f"NORDCRAWL_HOSTS: {words}") from error
        if moved.real_hosts == ():
            return moved.model_copy(update={"delay_s": None})
        return moved

    @cached_property
    def _netlocs(self) -> frozenset[str]:
        # Canonical URLs carry no port that is their scheme's own; a source file may.
        return frozenset(re.sub(r":(?:80|443)$", "", host) for host in self.all_hosts)

    @cached_property
    def _articles(self) -> tuple[re.Pattern[str], ...]:
        return tuple(map(re.compile, self.article_urls))

    @cached_property
    def _denied(self) -> tuple[re.Pattern[str], ...]:
        return tuple(map(re.compile, self.deny_urls))

    @cached_property
    def _listings(self) -> tuple[re.Pattern[str], ...]:
        return tuple(map(re.compile, self.follow_listings))


def _check_selector(selector: str) -> None:
    from cssselect import SelectorError
    from lxml.cssselect import CSSSelector

    try:
        CSSSelector(selector)
    except SelectorError as error:
        raise ValueError(f"not a CSS selector: {selector!r}: {error}") from error
