"""Looking: a few questions to a site, politely, to know whether and how it can be crawled.

robots.txt, front page, sitemaps, feeds, listings and at most `ARTICLES` articles; nothing is
archived. What follows from the answers is said by `nordcrawl.cli.sources`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from scrapy.settings import Settings

from nordcrawl import discover
from nordcrawl.config.options import Options
from nordcrawl.discover.front import Front, read_front
from nordcrawl.extract.explain import Explanation, explain
from nordcrawl.fetch.answer import READABLE
from nordcrawl.model.page import Page
from nordcrawl.model.printable import shown
from nordcrawl.model.url import canonicalize, path_of
from nordcrawl.sources.guessed import spread
from nordcrawl.sources.source import Source
from nordcrawl.spiders.asking import ROBOTS_PATH, Unanswered, ask
from nordcrawl.workers.pool import Workers, WorkFailed

ARTICLES: Final = 5
#: Of one sitemap or feed, so that one that is odd does not stand for all.
_ARTICLES_OF_ONE: Final = 3
_SITEMAPS: Final = 12
#: Sitemaps below an index that are asked for.
_BELOW: Final = 3
_MOST: Final = 60
#: Where a sitemap often lies that no robots.txt names. Source: sitemaps.org; WordPress 5.5 and on.
_USUAL: Final = ("/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml", "/news-sitemap.xml")
_SITEMAP_LINE: Final = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_DELAY_LINE: Final = re.compile(r"^[ \t]*crawl-delay[ \t]*:[ \t]*([\d.]+)", re.I | re.MULTILINE)


@dataclass(slots=True)
class Entry:
    """How a sitemap, feed or listing answered."""

    kind: str
    url: str
    links: list[str] = field(default_factory=list)
    """Of articles, in canonical form."""
    others: int = 0
    """Addresses on the site that the source takes for no articles."""
    further: int = 0
    """Sitemaps that it names."""
    latest: bool = False
    """It is a feed or a news sitemap, which has the latest articles only."""
    problem: str | None = None


@dataclass(slots=True)
class Looked:
    """What was seen of a site."""

    front: Front = field(default_factory=Front)
    home: str = ""
    """Where the front page came from, after redirects."""
    crawl_delay_s: float | None = None
    entries: dict[str, Entry] = field(default_factory=dict)
    articles: dict[str, Explanation] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def look(settings: Settings, options: Options, source: Source, *, only_its_own: bool) -> Looked:
    """Ask the site of a source; with `only_its_own`, for no sitemap or feed but those of its table
    and robots.txt.

    Raises:
        NordcrawlError: as `nordcrawl.spiders.asking.ask`.
    """
    workers = Workers(
        1,
        timeout_s=options.page_timeout_s,
        memory_bytes=options.worker_memory_bytes,
        preload=("nordcrawl.discover", "nordcrawl.extract.warmed"),
    )
    walk = _Walk(source, workers, only_its_own=only_its_own)
    try:
        answers = ask(settings, options, source, walk.start(), walk.on_page, most=_MOST)
    finally:
        workers.close()
    for answer in answers:
        if isinstance(answer, Unanswered) and answer.url != walk.home:
            walk.unanswered(answer)
        elif isinstance(answer, Unanswered):
            walk.found.problems.append(f"front page: {answer.reason}")
    return walk.found


class _Walk:
    def __init__(self, source: Source, workers: Workers, *, only_its_own: bool) -> None:
        self.found = Looked()
        self._source, self._workers = source, workers
        self._guess = not only_its_own
        host = next(iter(source.hosts))
        self.home = canonicalize(source.home(host))
        self._usual = {canonicalize(path, self.home) for path in _USUAL} if self._guess else set()
        self._wanted: dict[str, str] = {}
        self._sampled: set[str] = set()

    def start(self) -> list[str]:
        """Return what is asked first."""
        for kind in ("sitemap", "feed", "listing"):
            for url in self._source.entries(kind):
                self._wanted[url] = kind
        robots = [canonicalize(ROBOTS_PATH, self._source.home(host)) for host in self._source.hosts]
        usual = [url for url in sorted(self._usual) if self._wanted.setdefault(url, "sitemap")]
        return [*robots, self.home, *self._wanted, *usual]

    def unanswered(self, answer: Unanswered) -> None:
        """Take note of an address that gave no page."""
        kind = self._wanted.get(answer.url)
        if kind is not None and answer.url not in self._usual:
            entry = self.found.entries.setdefault(answer.url, Entry(kind, answer.url))
            entry.problem = answer.reason
        elif kind is None and path_of(answer.url) != ROBOTS_PATH:
            self.found.problems.append(f"{shown(answer.url)}: {answer.reason}")

    async def on_page(self, page: Page) -> Iterable[str]:
        """Take an answer; return what to ask next."""
        url = page.requested_url
        if path_of(url) == ROBOTS_PATH:
            return self._after_robots(page)
        asked: list[str] = []
        if url == self.home:
            asked += await self._after_home(page)
        if (kind := self._wanted.get(url)) is not None:
            asked += await self._after_entry(page, kind)
        elif url != self.home:
            await self._after_article(page)
        return asked

    def _after_robots(self, page: Page) -> list[str]:
        if page.status != 200:
            return []
        text = page.body.decode(errors="replace")
        if match := _DELAY_LINE.search(text):
            self.found.crawl_delay_s = float(match[1].strip(".") or 0)
        if not self._source.robots_sitemaps:
            return []
        return self._also("sitemap", _SITEMAP_LINE.findall(text), page.url, _SITEMAPS)

    async def _after_home(self, page: Page) -> list[str]:
        self.found.home = page.url
        if page.status not in READABLE:
            self.found.problems.append(f"front page: HTTP {page.status}")
            return []
        try:
            front = await self._workers.call(read_front, page.body, page.url)
        except WorkFailed as error:
            self.found.problems.append(f"front page: {error}")
            return []
        self.found.front = front
        return self._also("feed", front.feeds, page.url, _BELOW) if self._guess else []

    async def _after_entry(self, page: Page, kind: str) -> list[str]:
        url = page.requested_url
        entry = Entry(kind, url)
        if page.status not in READABLE:
            if url in self._usual:
                return []
            entry.problem = f"HTTP {page.status}"
        else:
            try:
                found = await self._workers.call(
                    discover.read, kind, page.body, page.url, page.header("content-type"),
                    self._source.timezone,
                )  # fmt: skip
            except WorkFailed as error:
                found = discover.Discovery(problem=str(error))
            if found.problem is not None and url in self._usual:
                return []
            entry.problem = found.problem
        self.found.entries[url] = entry
        if entry.problem is not None:
            return []
        entry.latest = kind == "feed" or any(link.title and link.published for link in found.links)
        for link in found.links:
            self._sort(entry, link.url)
        below = [link.url for link in found.sitemaps]
        entry.further = len(below)
        # What is newest stands first or last, as sites will have it; "news" says it.
        chosen = sorted(below, key=lambda one: "news" not in one)[:2] + below[-1:]
        return [*self._also("sitemap", chosen, page.url, _SITEMAPS), *self._sample(entry.links)]

    def _sort(self, entry: Entry, link: str) -> None:
        try:
            sort, kept = self._source.sort(link, entry.url)
        except ValueError:
            return
        if sort == "article":
            entry.links.append(kept)
        elif sort == "other":
            entry.others += 1

    def _sample(self, links: Sequence[str]) -> list[str]:
        room = min(_ARTICLES_OF_ONE, ARTICLES - len(self._sampled))
        # One of each shape: what is no article shows that its shape is none of articles.
        new = spread(url for url in dict.fromkeys(links) if url not in self._sampled)
        chosen = new[: max(0, room)]
        self._sampled.update(chosen)
        return chosen

    async def _after_article(self, page: Page) -> None:
        url = page.requested_url
        if page.status not in READABLE:
            self.found.problems.append(f"{shown(url)}: HTTP {page.status}")
            return
        try:
            told = await self._workers.call(explain, page, self._source.profile)
        except WorkFailed as error:
            self.found.problems.append(f"{shown(url)}: {error}")
            return
        self.found.articles[url] = told

    def _also(self, kind: str, urls: Iterable[str], base: str, most: int) -> list[str]:
        asked: list[str] = []
        for text in urls:
            try:
                url = canonicalize(text, base)
            except ValueError as error:
                self.found.problems.append(f"{kind} named by {shown(base)}: {error}")
                continue
            count = sum(one == kind for one in self._wanted.values())
            if self._source.allows(url) and url not in self._wanted and count < most + len(_USUAL):
                self._wanted[url] = kind
                asked.append(url)
        return asked
