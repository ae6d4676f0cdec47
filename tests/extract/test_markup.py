"""An article in markup that nobody foresaw: all of its blocks, in order, and nothing else."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from nordcrawl.extract import extract
from nordcrawl.model.article import Article
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from tests.support import random_markup as markup
from tests.support.suite_parts import first_of

PROFILE = Profile(family="labrador", site_title="Kystbladet", timezone="Europe/Oslo")
ADDRESS = "https://www.kystbladet.test/"
#: Seeds in one test: few tests, so that counting them costs nothing.
SIZE = 40
BATCHES = first_of(
    (0, False), (20000, True), *((first, False) for first in range(SIZE, 240, SIZE)), (20040, True)
)


def read(seed: int, *, rare: bool = False) -> tuple[Article, markup.Draw]:
    html, draw = markup.page(seed, rare=rare)
    path = (
        "kyst/fyrvokteren/100931"
        if draw.system in ("labrador", "plain", "wordpress")
        else "nb/fyrvokteren"
    )
    page = Page(ADDRESS + path, html.encode(), datetime(2026, 7, 1, tzinfo=UTC))
    article = extract(page, PROFILE)
    assert isinstance(article, Article), f"seed {seed}: {article}"
    return article, draw


def faults(seed: int, *, rare: bool = False) -> list[str]:
    """Return what is wrong with the article read from a seed's page, nothing where all is right."""
    article, draw = read(seed, rare=rare)
    want = markup.blocks(two_leads=draw.two_leads)
    got = [(b.kind.value, b.text.strip("«»"), b.speaker, b.credit) for b in article.blocks]
    found = [f"lost {block}" for block in (Counter(want) - Counter(got)).elements()]
    found += [f"not of it {block}" for block in (Counter(got) - Counter(want)).elements()]
    if not found and got != want:
        found.append("out of order")
    captions = [(text, credit) for kind, text, _, credit in want if kind == "caption"]
    if [(image.caption, image.credit) for image in article.images if image.url] != captions:
        found.append(f"pictures {article.images}")
    if not all(image.url for image in article.images):
        found.append("a caption without its picture")
    if article.title != markup.TITLE:
        found.append(f"title {article.title!r}")
    if draw.has_kicker and article.kicker != markup.KICKER:
        found.append(f"kicker {article.kicker!r}")
    if draw.has_byline and article.authors != markup.AUTHORS:
        found.append(f"authors {article.authors!r}")
    return [f"seed {seed}: {fault}\n  {', '.join(draw.taken)}" for fault in found]


@pytest.mark.parametrize(("first", "rare"), BATCHES)
def test_all_blocks_in_order_whatever_the_markup(first: int, rare: bool) -> None:
    found = [fault for seed in range(first, first + SIZE) for fault in faults(seed, rare=rare)]
    assert not found, "\n".join(found[:6])


def test_the_same_seed_is_the_same_page() -> None:
    assert markup.page(7)[0] == markup.page(7)[0]
    assert markup.page(7)[0] != markup.page(8)[0]


def test_the_article_has_all_kinds_of_blocks() -> None:
    kinds = Counter(kind for kind, *_ in markup.blocks())
    assert sum(kinds.values()) == 33
    assert kinds == {"p": 22, "heading": 4, "caption": 4, "quote": 2, "summary": 1}
