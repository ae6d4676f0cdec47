"""One story in ten languages, on the pages of three content systems: every block, every field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from nordcrawl.extract import extract
from nordcrawl.model.article import Article, BlockKind
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from tests.support import drupal_pages, labrador_pages, wordpress_pages
from tests.support.labrador_pages import Part, Story, Variant
from tests.support.stories_in_ten_languages import TALES, Tale, triples

URL = "https://www.nordavisa.test/trafikk/ny-ferge/1105806"


def labrador(tale: Tale) -> bytes:
    """Return the story as Labrador prints it; it has its own labels at the end of the text."""
    parts = (
        *(Part("p", text) for text in tale.opening),
        Part("raw", f'<p>{tale.also}: <a href="/a/1109999">{tale.other}</a></p>'),
        Part("heading", tale.heading),
        Part("p", tale.middle),
        Part("quote", tale.quote, speaker=tale.speaker),
        Part("p", tale.further),
        Part("list", lines=tale.points),
        Part("p", tale.closing),
    )
    story = Story(
        tale.title, tale.standfirst, parts, caption=_caption(tale), kicker=tale.section,
        authors=(tale.author,), labels=(tale.also,), tags=tale.tags,
    )  # fmt: skip
    page = labrador_pages.render(story, Variant(lang=tale.language)).decode()
    page = page.replace("2021-10-25T16:31:00.000Z", tale.published)
    section = f'<div class="lab-article-section">{tale.section}</div><p class="kicker'
    return page.replace('<p class="kicker', section, 1).encode()


def _caption(tale: Tale) -> str:
    return f"{tale.caption} ({tale.photo}: {tale.credit})"


SHAPES: dict[str, tuple[str, Callable[[Tale], bytes]]] = {
    "labrador": ("labrador", labrador),
    "drupal 7": ("drupal", drupal_pages.drupal7),
    "drupal 10": ("drupal", drupal_pages.drupal10),
    "wordpress classic": ("wordpress", wordpress_pages.classic),
    "wordpress blocks": ("wordpress", wordpress_pages.blocks),
    "wordpress early": ("wordpress", wordpress_pages.early),
}


@pytest.mark.parametrize("tale", TALES, ids=lambda tale: tale.language)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_block_and_field(shape: str, tale: Tale) -> None:
    family, render = SHAPES[shape]
    profile = Profile(
        family="labrador" if family == "labrador" else "generic", site_title="Nordavisa"
    )
    page = Page(URL, render(tale), datetime(2026, 7, 1, tzinfo=UTC))
    article = extract(page, profile)
    assert isinstance(article, Article), article
    assert article.extractor.name == family
    first, second, *rest = tale.blocks()
    opening = [second, first] if family == "labrador" else [first, second]
    assert triples(article) == [*opening, *rest]
    assert [b.credit for b in article.blocks if b.kind is BlockKind.CAPTION] == [tale.credit]
    assert article.title == tale.title
    assert article.subtitle == tale.standfirst
    assert article.language == tale.language
    assert article.published_at == datetime.fromisoformat(tale.published)
    assert article.authors == (tale.author,)
    assert article.tags == tale.tags
    assert article.section == tale.section
