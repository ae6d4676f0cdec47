"""Whose data it is, and who it says wrote the article."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nordcrawl.extract.page import jsonld
from nordcrawl.extract.page.schema_values import people, times

URL = "https://avis.test/nyheter/ny-molo"
TITLE = "Skarvøy får ny molo"
OWN = {"@type": "NewsArticle", "headline": TITLE, "author": {"name": "Kari Vik"}}
OTHER = {
    "@type": "NewsArticle", "headline": "Fergen står i stormen", "author": {"name": "Per Dal"},
    "datePublished": "2020-01-01",
}  # fmt: skip


def node(*blocks: Any, **page: Any) -> dict[str, Any]:
    return jsonld.read([json.dumps(block) for block in blocks], URL, [TITLE], **page).node


def test_the_article_that_has_the_headline_is_the_pages() -> None:
    assert node([OTHER, OWN])["author"] == {"name": "Kari Vik"}


@pytest.mark.parametrize(
    "named",
    [
        {"url": URL},
        {"mainEntityOfPage": URL + "/"},
        {"mainEntityOfPage": {"@type": "WebPage", "@id": URL}},
        {"@id": URL + "#article"},
        {"url": "http://www.avis.test/nyheter/ny-molo?utm=1"},
    ],
)
def test_the_article_that_has_the_address_is_the_pages(named: dict[str, Any]) -> None:
    found = node([OTHER, {**OWN, "headline": "Annen tittel for søk", **named}])
    assert found["author"] == {"name": "Kari Vik"}


def test_an_address_that_the_page_calls_its_own_counts_too() -> None:
    told = {**OWN, "headline": "Annet", "url": "https://avis.test/a/123"}
    assert node([OTHER, told]) == {}
    assert node([OTHER, told], addresses=["https://avis.test/a/123"])["headline"] == "Annet"


def test_the_only_article_is_the_pages_whatever_its_headline() -> None:
    assert node({**OWN, "headline": "Annen tittel"})["author"] == {"name": "Kari Vik"}
    assert node([{**OWN, "headline": "Annen tittel"}] * 2)["author"] == {"name": "Kari Vik"}


@pytest.mark.parametrize(
    "blocks",
    [
        [{"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": OTHER}]}],
        [{"@type": "ItemList", "itemListElement": [OTHER]}],
        [{"@type": "WebPage", "hasPart": OTHER}],
        [{"@type": "WebPage", "mentions": [OTHER]}],
        [[OTHER, {**OTHER, "headline": "Mye torsk i havet"}]],
        [OTHER, {**OTHER, "headline": "Mye torsk i havet"}],
        [{**OTHER, "url": "https://avis.test/nyheter/fergen"}],
        [{"@graph": [{**OTHER, "mainEntityOfPage": {"@id": "https://avis.test/nyheter/fergen"}}]}],
    ],
)
def test_other_articles_lend_nothing(blocks: list[Any]) -> None:
    found = jsonld.read([json.dumps(block) for block in blocks], URL, [TITLE])
    assert found.node == {}
    assert found.published == ()


@pytest.mark.parametrize("kind", ["VideoObject", "AudioObject", "PodcastEpisode"])
def test_a_clip_lends_nothing_but_where_it_is_the_page(kind: str) -> None:
    clip = {"@type": kind, "name": TITLE, "uploadDate": "2020-01-01", "author": {"name": "Per Dal"}}
    assert node(clip) == {}
    assert node([clip, OWN])["author"] == {"name": "Kari Vik"}
    assert node({**clip, "url": URL})["uploadDate"] == "2020-01-01"


def test_the_page_says_itself_when_it_was_published() -> None:
    page = {"@type": "WebPage", "@id": URL, "datePublished": 1717395300}
    found = jsonld.read([json.dumps([page, OTHER, {**OTHER, "headline": "Mer"}])], URL, [TITLE])
    assert found.published == ("1717395300",)


def test_what_is_said_of_one_node_in_several_places_is_put_together() -> None:
    name = URL + "#article"
    found = node({**OWN, "@id": name}, {"@id": name, "datePublished": "2024-06-03"})
    assert found["datePublished"] == "2024-06-03"
    assert found["headline"] == TITLE


def test_nodes_that_are_referred_to_are_put_in() -> None:
    person = {"@id": "#kari", "@type": "Person", "name": "Kari Vik"}
    picture = {"@id": "#picture", "@type": "ImageObject", "url": "https://avis.test/1.jpg"}
    article = {
        **OWN, "author": [{"@id": "#kari"}, {"name": "Ola Vik"}], "image": {"@id": "#picture"},
    }  # fmt: skip
    found = node({"@graph": [person, picture, article]})
    assert list(people(found["author"])) == ["Kari Vik", "Ola Vik"]
    assert found["image"]["url"] == "https://avis.test/1.jpg"


def test_nodes_that_refer_to_each_other_end() -> None:
    one = {"@id": "#1", "author": {"@id": "#2"}}
    two = {"@id": "#2", "author": {"@id": "#1"}}
    assert list(people(node([{**OWN, "author": {"@id": "#1"}}, one, two])["author"])) == []


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Kari Vik", ["Kari Vik"]),
        (["Kari Vik", {"name": "Ola Vik"}], ["Kari Vik", "Ola Vik"]),
        ({"name": ["Kari Vik", "Ola Vik"]}, ["Kari Vik", "Ola Vik"]),
        ({"givenName": "Kari", "familyName": "Vik"}, ["Kari Vik"]),
        ({"givenName": "Kari", "additionalName": "Berg", "familyName": "Vik"}, ["Kari Berg Vik"]),
        ({"familyName": "Vik"}, ["Vik"]),
        ({"@type": "Role", "author": {"name": "Kari Vik"}, "roleName": "editor"}, ["Kari Vik"]),
        ({"@list": [{"name": "Kari Vik"}, "Ola Vik"]}, ["Kari Vik", "Ola Vik"]),
        ({"@value": "Kari Vik"}, ["Kari Vik"]),
        ({"name": {"@value": "Kari Vik", "@language": "nb"}}, ["Kari Vik"]),
        ({"alternateName": "karivik"}, ["karivik"]),
        ({"@id": "https://avis.test/person/7"}, []),
        ({"name": "<b>Kari</b> Vik &amp;amp; co"}, ["Kari Vik & co"]),
        (None, []),
        (7, []),
    ],
)  # fmt: skip
def test_names_of_authors_in_every_shape(value: Any, names: list[str]) -> None:
    assert list(people(value)) == names


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1717395300000, ["1717395300000"]),
        (1717395300.0, ["1717395300"]),
        (20240603, ["20240603"]),
        ([None, "2024-06-03"], ["2024-06-03"]),
        ({"@type": "Date", "@value": "2024-06-03"}, ["2024-06-03"]),
        (True, []),
        (float("inf"), []),
    ],
)
def test_times_are_strings_and_numbers(value: Any, told: list[str]) -> None:
    assert list(times(value)) == told


def test_a_broken_block_loses_nobody() -> None:
    block = (
        '/*<![CDATA[*/{"@type": "NewsArticle", "headline": "Skarvøy får ny molo", '
        '"description": "De sier "muren" bare", "author": [{"name": "Kari Vik"}, '
        '{"name": "Ola Vik"}], "keywords": ["havn", "storm"], "articleSection": "Kyst",}/*]]>*/'
    )
    found = jsonld.read([block], URL, [TITLE]).node
    assert list(people(found["author"])) == ["Kari Vik", "Ola Vik"]
    assert (found["keywords"], found["articleSection"]) == (["havn", "storm"], "Kyst")
