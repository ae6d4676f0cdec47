"""Drupal pages: the node of the page and no other, and what its fields tell."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nordcrawl.extract import extract
from nordcrawl.extract.families import drupal
from nordcrawl.extract.families.landmarks import Landmarks
from nordcrawl.extract.page import head
from nordcrawl.extract.page.tree import parse
from nordcrawl.model.article import Article, BlockKind
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from tests.extract.families.test_labrador import _SEED_FILES, _acceptance_story, expected
from tests.support.drupal_pages import NID, TEASER_TEXT, drupal7, drupal10, ramsalt
from tests.support.stories_in_ten_languages import BY_LANGUAGE, triples

URL = "https://www.nordavisa.test/nb/ny-ferge"
TALE = BY_LANGUAGE["nb"]


def read(body: bytes | str, url: str = URL) -> Article:
    raw = body if isinstance(body, bytes) else body.encode()
    page = Page(url, raw, datetime(2026, 7, 1, tzinfo=UTC))
    found = extract(page, Profile(timezone="Europe/Oslo"))
    assert isinstance(found, Article), found
    return found


def anchors(body: bytes | str, url: str = URL) -> Landmarks | None:
    text = body if isinstance(body, str) else body.decode()
    root = parse(text)
    assert root is not None
    page = Page(url, b"", datetime(2026, 7, 1, tzinfo=UTC))
    return drupal.find(root, head.read(root, url), page, Profile(timezone="Europe/Oslo"))


@pytest.mark.parametrize(
    "body",
    [
        drupal10(TALE, theme="olivero"),
        drupal10(TALE, author_field=True),
        drupal10(TALE).replace(b'data-history-node-id="43836" ', b""),
        drupal7(TALE).replace(b' <figure>', b"<figure>"),
        drupal7(TALE).replace(b'<meta name="Generator" content="Drupal 7 (http://drupal.org)">', b""),
    ],
    ids=["olivero", "author field", "no number", "drupal 7", "no generator"],
)  # fmt: skip
def test_variants_of_templates(body: bytes) -> None:
    article = read(body)
    assert article.extractor.name == "drupal"
    assert triples(article) == TALE.blocks()
    assert article.authors == (TALE.author,)
    assert article.cms_id == f"node-{NID}"
    assert TEASER_TEXT not in article.text


def test_time_without_json_ld_is_that_of_the_node() -> None:
    article = read(drupal7(TALE))
    assert article.published_at == datetime.fromisoformat(TALE.published)
    assert article.provenance["published_at"].origin == "drupal"


def test_what_the_head_tells_goes_before_who_entered_the_node() -> None:
    told = '<meta name="author" content="Kari Nordmann"><meta property="article:published_time" content="2025-03-13T06:00:00Z">'
    article = read(drupal7(TALE, head=told))
    assert article.authors == ("Kari Nordmann",)
    assert article.published_at == datetime(2025, 3, 13, 6, tzinfo=UTC)


def test_other_nodes_are_not_the_page() -> None:
    found = anchors(drupal10(TALE))
    assert found is not None
    assert found.article is not None
    assert found.article.get("data-history-node-id") == NID


def test_list_of_teasers_has_no_article() -> None:
    teaser = '<article data-history-node-id="{0}" class="node node--view-mode-teaser"><h2><a href="/node/{0}">Sak</a></h2></article>'
    body = f'<html><head><meta name="generator" content="Drupal 10"></head><body class="path-taxonomy"><h1>Politikk</h1>{"".join(teaser.format(n) for n in range(97, 110))}</body></html>'
    assert anchors(body) is None


def test_two_nodes_in_full_and_no_number_are_not_sure() -> None:
    node = '<article class="node node--type-article node--view-mode-full"><h2>{0}</h2><p>{0}</p></article>'
    body = f'<html><head><meta name="generator" content="Drupal 9"></head><body class="path-node">{node.format("En")}{node.format("To")}</body></html>'
    assert anchors(body) is None


def test_page_of_another_system() -> None:
    assert anchors(f'<html><body><article class="node"><h1>A</h1><p>{TALE.closing}</p></article></body></html>') is None  # fmt: skip


def test_headline_that_the_title_does_not_begin_with_is_left_to_the_vote() -> None:
    body = drupal10(TALE).decode().replace(f"<title>{TALE.title}", "<title>Noe helt annet")
    found = anchors(body)
    assert found is not None
    assert found.given.title is None


@pytest.mark.parametrize("name", ["front", "path-frontpage"])
def test_front_page_has_no_article(name: str) -> None:
    body = drupal10(TALE).decode().replace("path-node", name)
    assert anchors(body) is None


def test_view_modes_have_names_that_sites_choose() -> None:
    body = drupal10(TALE).replace(b"node--view-mode-full", b"node--view-mode-longread")
    found = anchors(body.replace(b' data-history-node-id="43836"', b""))
    assert found is not None
    assert found.article is not None
    assert "node--view-mode-longread" in (found.article.get("class") or "")


def test_lead_picture_is_no_standfirst() -> None:
    body = drupal10(TALE).decode().replace("field--name-field-ingress", "field--name-field-x")
    found = anchors(body.replace("field--name-field-media ", "field--name-field-lead-image "))
    assert found is not None
    assert found.given.subtitle is None


SHAPES = [
    (seven, quote) for seven in (False, True) for quote in ("blockquote", "quote box", "figure")
]


def in_order(blocks: list[tuple[BlockKind, str, str | None]]) -> list[tuple[str, ...]]:
    return [(str(kind), " ".join(text.split()), " ".join((who or "").split())) for kind, text, who in blocks]  # fmt: skip


@pytest.mark.skipif(
    not _SEED_FILES, reason="the expected text of the acceptance article is not here"
)
@pytest.mark.parametrize(("seven", "quote"), SHAPES)
@pytest.mark.parametrize("family", ["generic", "labrador"])
def test_acceptance_article(seven: bool, quote: str, family: str) -> None:
    story = _acceptance_story(_SEED_FILES[0].read_text("utf-8"))
    raw = ramsalt(story, seven=seven, quote=quote)
    page = Page(URL, raw, datetime(2026, 7, 1, tzinfo=UTC))
    article = extract(page, Profile(timezone="Europe/Oslo", family=family))
    assert isinstance(article, Article)
    assert (article.title, article.language) == (story.title, "nb")
    assert article.images[0].alt == story.alt
    assert in_order(triples(article)) == in_order(expected(story))
    assert "Nøkkelord" not in article.text
    assert article.authors == ()  # who is quoted has not written it
