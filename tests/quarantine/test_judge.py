"""Which batches are held back, and which must never be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nordcrawl.model.sighting import WATCHED, Sighting
from nordcrawl.quarantine.figures import Figures
from nordcrawl.quarantine.judge import QuarantineLimits, breaks, enough, grouped

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
LIMITS = QuarantineLimits()
ALL = frozenset(WATCHED)
Batch = list[Sighting]


def page(number: int, **more: object) -> Sighting:
    values = Sighting(
        url=f"https://a.example/{number}",
        article_id=f"a:{number}",
        change="new",
        title=f"Title {number}",
        fields=ALL,
        chars=2_000 + 150 * (number % 13),
        page_bytes=60_000 + 900 * (number % 7),
        text_sha256=f"{number:064x}",
        published_at=NOW - timedelta(hours=number % 40),
        fetched_at=NOW,
    )
    return replace(values, **more)  # type: ignore[arg-type]


def pages(count: int, **more: object) -> Batch:
    return [page(number, **more) for number in range(count)]


def before(runs: int = 12, articles: int = 15, **more: object) -> list[Figures]:
    """Runs of a paper in which one of 30 articles has no author."""
    return [
        Figures.of(
            page(
                1000 + run * 50 + n,
                **{"fields": ALL - {"authors"} if (run * articles + n) % 30 == 0 else ALL} | more,
            )
            for n in range(articles)
        )
        for run in range(runs)
    ]


def redesign() -> Batch:
    """A site that was rebuilt: the same news, and our rules find no author any more."""
    return pages(40, fields=ALL - {"authors"})


def cookie_wall() -> Batch:
    return pages(30, text_sha256="f" * 64, chars=900, change="updated")


def cookie_wall_on_new_pages() -> Batch:
    """Pages of a text that an article had before are no articles, but other addresses of it."""
    same = [Sighting(f"https://a.example/{n}", "a:0", "duplicate") for n in range(1, 30)]
    return [page(0, chars=900), *same]


def one_title() -> Batch:
    return pages(30, title="Please enable JavaScript")


def teasers_only() -> Batch:
    return [page(n, chars=80 + n) for n in range(30)]


def all_comments_in_the_text() -> Batch:
    return pages(30, chars=90_000)


def text_lost_in_the_page() -> Batch:
    return pages(30, chars=400, page_bytes=400_000)


def undated() -> Batch:
    return pages(25, fields=ALL - {"published_at"}, published_at=None)


def half_broken() -> Batch:
    """A batch that began before the site was rebuilt."""
    return [page(n, fields=ALL if n < 12 else ALL - {"title"}, title=None) for n in range(40)]


@pytest.mark.parametrize(
    ("batch", "word"),
    [
        (redesign, "0 of 40 articles have authors"),
        (cookie_wall, "30 of 30 pages have one and the same text"),
        (cookie_wall_on_new_pages, "30 of 30 pages have one and the same text"),
        (one_title, "one and the same title, “please enable javascript”"),
        (teasers_only, "a text has 94 characters"),
        (all_comments_in_the_text, "a text has 90000 characters"),
        (text_lost_in_the_page, "of a page is text"),
        (undated, "0 of 25 articles have published_at"),
        (half_broken, "12 of 40 articles have title"),
    ],
)
def test_a_batch_is_held_that_breaks_with_the_history(
    batch: Callable[[], Batch], word: str
) -> None:
    told = breaks(batch(), before(), LIMITS)
    assert any(word in one for one in told), told


def news_flashes() -> Batch:
    """Short ones, as on an election night."""
    return [page(n, chars=320 + 9 * n, page_bytes=55_000) for n in range(40)]


def live_blog() -> Batch:
    """One article, updated all day long, ever longer, without an author, with one title."""
    return [
        page(1, change="updated", chars=3_000 * n, fields=ALL - {"authors"}, title="Live")
        for n in range(1, 41)
    ]


def three_records() -> Batch:
    return pages(3, fields=frozenset(), chars=10, title="x", text_sha256="f" * 64)


def nineteen_records() -> Batch:
    return pages(19, fields=frozenset(), chars=10, title=None)


def backfill() -> Batch:
    """Pages of years ago, short and without authors, as the site had them then."""
    long_ago = NOW - timedelta(days=3_000)
    return pages(200, fields=ALL - {"authors"}, chars=150, published_at=long_ago)


def one_bad_page() -> Batch:
    return [page(0, fields=frozenset(), title=None, chars=20), *pages(50)[1:]]


def paywall_stubs() -> Batch:
    """A stub stands for many stories where they are to be paid for."""
    return pages(40, text_sha256="f" * 64, chars=60, paywalled=True)


def taken_down() -> Batch:
    gone = {"change": "removed", "fields": frozenset(), "chars": 0, "text_sha256": ""}
    return pages(60, **gone)


def many_without_authors() -> Batch:
    """A day of agency news: most have an author still."""
    return [page(n, fields=ALL if n % 9 < 5 else ALL - {"authors"}) for n in range(45)]


def two_in_one_text() -> Batch:
    """An agency's text under some addresses, among others."""
    return [page(n, text_sha256="f" * 64) if n < 12 else page(n) for n in range(40)]


def briefs() -> Batch:
    return [page(n, title="News in brief") if n < 18 else page(n) for n in range(40)]


@pytest.mark.parametrize(
    "batch",
    [
        news_flashes, live_blog, three_records, nineteen_records, backfill, one_bad_page,
        paywall_stubs, taken_down, many_without_authors, two_in_one_text, briefs,
    ],
)  # fmt: skip
def test_a_batch_passes_that_ordinary_days_make(batch: Callable[[], Batch]) -> None:
    assert breaks(batch(), before(), LIMITS) == []


@pytest.mark.parametrize(
    ("history", "why"),
    [
        ([], "0 of 100 articles of earlier runs"),
        (before(2, 15), "30 of 100 articles of earlier runs"),
        (before(2, 80), "2 of 3 earlier batches"),
    ],
)
def test_nothing_is_held_of_a_source_that_is_new(history: Sequence[Figures], why: str) -> None:
    assert enough(history, LIMITS) == why
    assert breaks(cookie_wall(), history, LIMITS) == []


def test_a_run_of_three_articles_counts_with_others() -> None:
    """Small runs are put together, so that none of them makes a batch of its own unusual."""
    history = before(60, 3)
    assert enough(history, LIMITS) is None
    assert {one.articles for one in grouped(history)} == {12}
    assert breaks(redesign(), history, LIMITS) != []
    assert breaks(pages(40), history, LIMITS) == []


@pytest.mark.parametrize("name", ["title", "authors", "published_at"])
def test_a_field_that_the_site_never_had_is_not_missed(name: str) -> None:
    batch = pages(40, fields=ALL - {name})
    assert breaks(batch, before(fields=ALL - {name}), LIMITS) == []
    assert breaks(batch, before(fields=ALL), LIMITS) != []


@pytest.mark.parametrize(
    "batch", [redesign, teasers_only, one_title, all_comments_in_the_text, undated]
)
def test_what_was_released_once_is_how_it_is_now(batch: Callable[[], Batch]) -> None:
    released = Figures.of(batch())
    assert breaks(batch(), [*before(), released], LIMITS) == []


def test_what_an_earlier_batch_lacked_as_often_is_not_missed() -> None:
    """A batch in thirty without authors, as of an agency's day, and nobody held it."""
    agency = Figures.of(pages(12, fields=ALL - {"authors"}))
    history = [*before(40, 15, fields=ALL), agency]
    assert breaks(redesign(), history, LIMITS) == []
    assert breaks(redesign(), history[:-1], LIMITS) != []


def test_the_switch_and_the_limits_are_obeyed() -> None:
    assert breaks(redesign(), before(), replace(LIMITS, on=False)) == []
    assert breaks(redesign(), before(), replace(LIMITS, coverage=0.0)) == []
    assert breaks(redesign(), before(), replace(LIMITS, pages=41)) == []
    assert breaks(three_records(), before(), replace(LIMITS, pages=3)) != []
    assert breaks(teasers_only(), before(), replace(LIMITS, factor=100.0)) == []
    assert breaks(cookie_wall(), before(), replace(LIMITS, same=1.0)) == []


def test_figures_survive_a_report() -> None:
    figures = Figures.of(pages(33))
    again = Figures.from_json(figures.to_json())
    assert again is not None
    assert (again.articles, again.fields, again.chars) == (33, figures.fields, figures.chars)
    broken: object
    for broken in (None, {}, {"articles": "many"}, [], figures.to_json() | {"fields": None}):
        assert Figures.from_json(broken) is None
