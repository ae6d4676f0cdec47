"""Texts that a page's scripts hold and no reader sees before they have run."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from nordcrawl.extract import extract
from nordcrawl.model.article import Article, Rejected
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

TITLE = "The hall that nobody wanted"
LINES = (
    "The old ferry landing has stood empty since the bridge was opened, and grass grows there.",
    "This spring a group of neighbours took out a loan to buy the hall, which nobody wanted.",
    "They have mended the roof, painted the walls and carried in a stove of three hundred kilos.",
    "On Saturdays they sell waffles to those who come by bicycle, and a band plays until ten.",
    "Nobody earns anything from it yet, as all of the money from the waffles goes to the bank.",
    "The county says that it has no plans for the quay, but wants a diver to look at the piles.",
    "Last time the diver found two that had been eaten away, and a third that will not last.",
)
MARKUP = "".join(f"<p>{line}</p>" for line in LINES)
ARTICLE = {"headline": TITLE, "body": MARKUP}
OTHER = {"headline": "Nobody wanted the other hall", "body": MARKUP.replace("They", "Others") * 2}
BLOCKS = {"title": TITLE, "blocks": [{"type": "p", "text": line} for line in LINES]}
PIECES = {
    "title": TITLE,
    "document": {
        "content": [
            {"content": [{"value": line[:30]}, {"value": line[30:], "marks": []}]} for line in LINES
        ]
    },
}


def rows() -> str:
    """Return the article as the rows of a component tree, a part of each line in bold."""
    lines = [
        ["$", "p", None, {"children": [line[:9], ["$", "b", None, {"children": line[9:]}]]}]
        for line in LINES
    ]
    heading = ["$", "h1", None, {"children": TITLE}]
    return f'1:["$L2"]\n0:{json.dumps(["$", "article", None, {"children": [heading, *lines]}])}\n'


def data(value: object) -> str:
    return f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(value)}</script>'


def flight(stream: str) -> str:
    parts = (stream[:300], stream[300:])
    return "".join(f"<script>self.__next_f.push([1,{json.dumps(p)}])</script>" for p in parts)


SHAPES = {
    "markup": data({"props": {"article": ARTICLE}}),
    "escaped markup": data({"title": TITLE, "body": MARKUP.replace("<", "&lt;")}),
    "plain lines": data({"title": TITLE, "body": "\n".join(LINES)}),
    "a list by numbers": data([{"a": 1}, TITLE, MARKUP]),
    "objects": f"<script>window.__STATE__ = {json.dumps(BLOCKS)};(function(){{}})()</script>",
    "pieces of paragraphs": f'<script>window["__DATA__"]={json.dumps(PIECES)}</script>',
    "a string to be parsed": f"<script>x = JSON.parse({json.dumps(json.dumps(BLOCKS))})</script>",
    "rows of components": flight(rows()),
    "others beside it": data({"related": [OTHER, OTHER], "article": ARTICLE}),
}


def read(scripts: str, shown: str = "Loading") -> Article | Rejected:
    markup = f"<html lang=en><title>{TITLE}</title><body><div id=root>{shown}</div>{scripts}</body>"
    page = Page("https://unseen.test/news/hall", markup.encode(), datetime(2026, 6, 1, tzinfo=UTC))
    return extract(page, Profile())


@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_that_only_scripts_hold(shape: str) -> None:
    found = read(SHAPES[shape])
    assert isinstance(found, Article), found
    assert [block.text for block in found.blocks] == list(LINES)
    assert found.provenance["blocks"].origin == "script"


@pytest.mark.parametrize(
    "scripts",
    [
        data({"related": [OTHER]}),
        data({"title": TITLE, "names": ["Kari Nordmann"] * 200}),
        "<script>window.__STATE__ = {broken: [}</script><script type='application/json'>{</script>",
        f"<script type='application/json'>{'[' * 5000}</script>",
    ],
    ids=["another article's", "no sentences", "broken", "too deep"],
)
def test_what_is_no_text_of_the_page_s_own(scripts: str) -> None:
    assert isinstance(read(scripts), Rejected)


def test_what_the_page_shows_goes_before_what_its_scripts_hold() -> None:
    brief = f"<h1>{TITLE}</h1>" + "".join(f"<p>{line}</p>" for line in LINES[:2])
    found = read(SHAPES["markup"], brief)
    assert isinstance(found, Article), found
    assert [block.text for block in found.blocks] == list(LINES[:2])
