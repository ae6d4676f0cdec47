"""Bylines that only the page's print tells, and what looks like one and is none."""

from __future__ import annotations

import pytest

from nordcrawl.extract.fields import authors, bylines
from nordcrawl.extract.page.tree import parse
from tests.support.one_small_article import ld, read

TITLE = "Mye torsk langs kysten"
HEAD = f"<h1>{TITLE}</h1>"


def printed(body: str) -> str | None:
    root = parse(f"<html><body>{body}</body></html>")
    assert root is not None
    return bylines.printed(root, (TITLE,))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (HEAD + "<p><i>von Kari Nordmann</i></p>", "Kari Nordmann"),
        (HEAD + "<p>Ein Artikel von <b>Kari Nordmann</b> | 24.04.2021</p>", "Kari Nordmann"),
        (HEAD + "<p>24.04.2021 <b>- Redaktion: Kari Nordmann (Avisa)</b></p>", "Kari Nordmann"),
        (HEAD + "<p>Av Kari Nordmann og Ola van der Berg</p>", "Kari Nordmann og Ola van der Berg"),
        (HEAD + "<p>Por Kari Nordmann, Tromsø</p>", "Kari Nordmann"),
        (HEAD + "<div class='post-author'>Kari Nordmann</div>", "Kari Nordmann"),
        (HEAD + "<div class='author'><b>von</b> <span>Kari</span></div>", "Kari"),
        (HEAD + "<a rel='author' href='/k'>Kari</a>", "Kari"),
    ],
)  # fmt: skip
def test_a_line_of_names(body: str, expected: str) -> None:
    assert printed(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        HEAD + "<p>Von Anfang an war mye torsk langs kysten</p>",
        HEAD + "<p>Av Kari</p>",
        HEAD + "<label class='author'>Name</label>",
        HEAD + "<div class='author'>Por</div>",
        HEAD + "<blockquote>Det er mye torsk.<p>Av Kari Nordmann</p></blockquote>",
        HEAD + "<footer><p>Av Kari Nordmann</p></footer>",
        HEAD + "<div class='comment-list'><b class='author'>Kari Nordmann</b></div>",
        HEAD + "<aside class='more'><p>Av Kari Nordmann</p></aside>",
        HEAD + f"<p>Av Kari Nordmann {'kom det mye torsk inn til kysten ' * 5}</p>",
    ],
)
def test_what_is_none(body: str) -> None:
    assert printed(body) is None


def test_said_counts_before_marked_and_near_before_far() -> None:
    body = HEAD + "<b class='author'>Per Hansen</b><p>Av Kari Nordmann</p><p>Av Ola Hansen</p>"
    assert printed(body) == "Kari Nordmann"
    assert printed("<p>Av Ola Hansen</p><i></i><i></i>" + HEAD + "<p>Av Kari Nordmann</p>") == (
        "Kari Nordmann"
    )


def test_it_is_the_last_resort_and_says_so() -> None:
    line = "<p>Von Kari Nordmann</p>"
    assert read(body=line).authors == ("Kari Nordmann",)
    assert read(body=line).provenance["authors"].origin == "printed"
    assert read("<meta name=author content='Ola Hansen'>", line).authors == ("Ola Hansen",)


def test_a_desk_that_the_data_names_is_not_overruled_by_print() -> None:
    desk = {"@type": "Organization", "name": "avis.test"}
    data = ld({"@type": "NewsArticle", "headline": TITLE, "author": desk})
    assert "Kari Nordmann" not in read(data, "<p>Von Kari Nordmann</p>").authors


def test_authors_that_the_data_only_refers_to() -> None:
    person = {"@type": "Person", "@id": "#kari", "name": "Kari Nordmann"}
    node = {"@type": "NewsArticle", "headline": TITLE, "author": [{"@id": "#kari"}, {"@id": {}}]}
    assert read(ld({"@graph": [person, node]})).authors == ("Kari Nordmann",)
    assert read(ld({"@graph": [{**person, "@id": "#x"}, node]})).authors == ()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Kari Nordmann @kari", "Kari Nordmann"),
        ("Kari Nordmann (kari@avis.test)", "Kari Nordmann"),
        ("Kari Nordmann kari.n@avis.test", "Kari Nordmann"),
    ],
)
def test_ways_to_write_to_them_are_no_part_of_the_name(said: str, name: str) -> None:
    assert authors.tidy([said]) == (name,)
    assert authors.tidy(["@kari"]) == ()
