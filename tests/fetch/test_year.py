"""A simulated year: a site with known edits, a run every second hour, the clock injected.

Real are the decisions (`fetch.polling`, `fetch.revisit`) and the fold of the ledger; the site is
values. Every edit is to be found within the delay that the policy promises, and all of it may
take at most 15 % of the requests of fetching everything on each run.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from nordcrawl.fetch.polling import Polled
from nordcrawl.fetch.polling import decide as decide_poll
from nordcrawl.fetch.revisit import DAILY, LONGEST, SCHEDULE, ToldTimes, Window, decide
from nordcrawl.model.ledger import LedgerEntry, Outcome, UrlState, fold
from tests.support.suite_parts import first_of

START = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = timedelta(hours=2)
RUNS_A_DAY = 12
PAGES = 50
"""Articles of a sub-sitemap."""


@dataclass
class Story:
    url: str
    published: datetime
    edits: list[datetime]
    gone: datetime | None = None

    def version(self, now: datetime) -> int:
        return sum(at <= now for at in self.edits)

    def changed(self, now: datetime) -> datetime:
        return max([self.published, *(at for at in self.edits if at <= now)])


@dataclass
class Crawler:
    """What a run does, without a network."""

    tells_lastmod: bool
    states: dict[str, UrlState] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    found: dict[tuple[str, int], datetime] = field(default_factory=dict)
    gone: dict[str, list[datetime]] = field(default_factory=dict)
    polls: dict[str, Polled] = field(default_factory=dict)
    named: dict[str, frozenset[str]] = field(default_factory=dict)
    requests: int = 0
    everything: int = 0

    def run(self, site: list[Story], now: datetime) -> None:
        live = [s for s in site if s.published <= now and not (s.gone and s.gone <= now)]
        self.everything += 2 + len(range(0, len(live), PAGES)) + len(live)
        vanished = self._sitemaps(live, now)
        told = {s.url: ToldTimes(f"{s.changed(now):%Y-%m-%dT%H:%M:%SZ}") for s in live}
        for story in site:
            if story.published > now:
                continue
            named = story in live
            known = self.states.get(story.url)
            if not named and known is None:
                continue
            due = decide(
                told[story.url] if named and self.tells_lastmod else ToldTimes(),
                known,
                story.published if known else None,
                mode="incremental",
                window=Window(),
                now=now,
                gone=len(self.gone.get(story.url, [])) >= 2,
                vanished=story.url in vanished,
            )
            if due.fetch:
                self._fetch(story, now, named)

    def _sitemaps(self, live: list[Story], now: datetime) -> set[str]:
        """Ask feed, index and the sub-sitemaps that are due; return what vanished."""
        self.requests += 2
        gone: set[str] = set()
        for start in range(0, len(live), PAGES):
            page = live[start : start + PAGES]
            url = f"/sitemap-{page[0].published:%Y%m%d%H}"
            changed = f"{max(s.changed(now) for s in page):%Y-%m-%dT%H:%M:%SZ}"
            told = changed if self.tells_lastmod else None
            names = frozenset(s.url for s in page)
            before = self.polls.get(url)
            ask = decide_poll("sitemap", before, told=told, followed=True, whole=False, now=now)
            if ask.spared:
                continue
            self.requests += 1
            gone |= self.named.get(url, frozenset()) - {s.url for s in live}
            self.named[url] = names
            self.polls[url] = Polled(now, told=told)
        return gone

    def _fetch(self, story: Story, now: datetime, there: bool) -> None:
        self.requests += 1
        version = story.version(now)
        if there and self.seen.get(story.url) != version:
            self.seen[story.url] = version
            self.found[story.url, version] = now
        if not there:
            self.gone.setdefault(story.url, []).append(now)
        entry = LedgerEntry(
            "r", "s", story.url, Outcome.UPDATED if there else Outcome.FETCH_FAILED, now,
            status=200 if there else 404, fetched_at=now,
            lastmod=f"{story.changed(now):%Y-%m-%dT%H:%M:%SZ}" if self.tells_lastmod else None,
            article_id=f"s:{story.url}",
        )  # fmt: skip
        self.states[story.url] = fold(self.states.get(story.url), entry, now)


def site(seed: int) -> list[Story]:
    """120 articles that are there already, and one every third day; each is edited in its first
    hours, some of them later, and some are taken down."""
    rng = random.Random(seed)
    stories = []
    for n in range(240):
        if n < 120:
            published = START - timedelta(days=rng.uniform(5, 3000))
        else:
            published = START + timedelta(days=(n - 120) * 3, hours=rng.uniform(0, 60))
        edits = [published + timedelta(hours=rng.expovariate(1 / 3)) for _ in range(2)]
        if n % 5 == 0:
            edits.append(published + timedelta(days=rng.uniform(1, 25)))
        if n % 7 == 0:
            edits.append(START + timedelta(days=rng.uniform(1, 300)))
        gone = START + timedelta(days=rng.uniform(20, 300)) if n % 20 == 0 else None
        stories.append(Story(f"/{n}", published, sorted(e for e in edits if e > published), gone))
    return sorted(stories, key=lambda s: s.published)


@pytest.mark.parametrize("days", [100, pytest.param(365, marks=pytest.mark.slow)])
@pytest.mark.parametrize("tells_lastmod", first_of(False, True))
def test_every_edit_is_found_in_time_with_few_requests(tells_lastmod: bool, days: int) -> None:
    runs = RUNS_A_DAY * days
    stories = site(1)
    crawler = Crawler(tells_lastmod)
    for number in range(runs):
        crawler.run(stories, START + number * EVERY)
    edits = missed = 0
    end = START + runs * EVERY
    for story in stories:
        for number, at in enumerate(story.edits, 1):
            if at < START or at > end - LONGEST - EVERY or story.gone:
                continue
            later = [v for (u, v) in crawler.found if u == story.url and v >= number]
            found = min((crawler.found[story.url, v] for v in later), default=None)
            edits += 1
            if found is None or found - at > delay(story, at, tells_lastmod):
                missed += 1
    assert edits > days / 3
    assert missed == 0
    share = crawler.requests / crawler.everything
    print(f"{edits} edits, {share:.1%} of the requests of fetching everything")
    assert share <= 0.15
    for story in stories:
        if story.gone and story.gone < end - LONGEST and story.published < story.gone:
            sights = crawler.gone[story.url]
            assert sights[0] - story.gone <= (DAILY + EVERY)
            assert sights[1] - sights[0] <= EVERY


def delay(story: Story, edit: datetime, tells_lastmod: bool) -> timedelta:
    """How late the policy lets an edit be found: where the site tells, the next run; else the
    wait of the article's age, and a run."""
    if tells_lastmod:
        return EVERY
    age = edit - story.published
    wait = next((wait for limit, wait in SCHEDULE if age < limit), LONGEST)
    # A wait may have begun when it was shorter, and end when the age has grown into a longer one.
    after = next((w for limit, w in SCHEDULE if age + wait < limit), LONGEST)
    return max(wait, after) + EVERY
