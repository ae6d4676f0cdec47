"""Pages of shapes that nothing was made for: a text that a reader sees is never refused, and what
is none is never taken for one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nordcrawl.extract import extract
from nordcrawl.model.article import Article, BlockKind, Rejected
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
    "The next meeting is in the hall, and whoever wants to help is asked to bring gloves along.",
)
MENU = "<ul>" + "".join(f"<li><a href='/s{n}'>Section {n}</a></li>" for n in range(9)) + "</ul>"
TEASERS = "".join(
    f"<article><h2><a href='/{n}'>Another headline of the day, number {n}</a></h2></article>"
    for n in range(6)
)
CONSENT = "".join(
    f"<p>We and our {n} partners store cookies on your device to show advertising that fits you, "
    "and to measure how it is received. You may withdraw your leave at any time.</p>"
    for n in range(100, 108)
)


def read(body: str, path: str = "/news/hall") -> Article | Rejected:
    markup = f"<!doctype html><html lang=en><title>{TITLE}</title><body>{MENU}{body}</body></html>"
    url = f"https://unseen.test{path}"
    return extract(Page(url, markup.encode(), datetime(2026, 6, 1, tzinfo=UTC)), Profile())


def each(opening: str, closing: str) -> str:
    return "".join(f"{opening}{line}{closing}" for line in LINES)


SHAPES = {
    "headings": f"<div><h1>{TITLE}</h1>{each('<h3>', '</h3>')}</div>",
    "named places": f"<div><h1>{TITLE}</h1>{each('<a name=x><p>', '</p></a>')}</div>",
    "a place that is never closed": f"<h1>{TITLE}</h1><a name=top>{each('<p>', '')}",
    "a link that is never closed": f"<h1>{TITLE}</h1><a href='/top'>{each('<p>', '')}",
    "put away until a script runs": f"<div style='display:none'><h1>{TITLE}</h1>"
    f"{each('<div>', '</div>')}</div><p>Please wait while the page loads.</p>",
    "put away by a class": f"<div class=hidden><h1>{TITLE}</h1>{each('<div>', '</div>')}</div>"
    "<p>Please wait.</p>",
    "a form around all": f"<form><h1>{TITLE}</h1><ul>{each('<li><span>', '</span></li>')}</ul>"
    "</form>",
    "a box named for its comments": f"<div class=comments-open><h1>{TITLE}</h1>"
    f"{each('<p>', '</p>')}</div>",
    "captions": f"<h1>{TITLE}</h1>{each('<div class=caption>', '</div>')}",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_text_is_there_in_its_order(shape: str) -> None:
    found = read(SHAPES[shape])
    assert isinstance(found, Article), found
    assert found.text.split() == " ".join(LINES).split()
    assert found.title == TITLE


def test_a_text_set_in_headings_is_paragraphs() -> None:
    found = read(SHAPES["headings"])
    assert isinstance(found, Article)
    assert [block.kind for block in found.blocks] == [BlockKind.P] * len(LINES)


def test_an_article_may_stand_at_the_address_of_the_front_page() -> None:
    text = "".join(f"<p>{line} {other}</p>" for line, other in zip(LINES, LINES[::-1], strict=True))
    found = read(f"<main><h1>{TITLE}</h1>{text}</main>{TEASERS}", "/")
    assert isinstance(found, Article), found
    assert LINES[0] in found.text


@pytest.mark.parametrize(
    "body",
    [
        TEASERS,
        f"{TEASERS}<p>{LINES[0]}</p>",
        "".join(f"<article><h2><a href='/{n}'>On the hall {n}</a></h2><p>{LINES[n]} {LINES[n - 1]}"
                f" {LINES[n - 2]}</p></article>" for n in range(8)),
    ],
)  # fmt: skip
def test_a_front_page_is_no_article(body: str) -> None:
    assert isinstance(read(body, "/"), Rejected)


@pytest.mark.parametrize(
    "body",
    [
        f"<div id=app></div><div hidden>{CONSENT}</div>",
        f"<h1>{TITLE}</h1><dialog>{CONSENT}</dialog>",
        f"<div style='display:none'>{CONSENT}</div><noscript>Please wait.</noscript>",
    ],
)
def test_what_is_hidden_and_not_told_of_is_no_article(body: str) -> None:
    assert isinstance(read(body), Rejected)


def test_a_brief_is_not_given_up_for_what_is_hidden() -> None:
    found = read(f"<main><h1>{TITLE}</h1><p>{LINES[0]}</p></main><div hidden>{CONSENT}</div>")
    assert isinstance(found, Article)
    assert found.text == LINES[0]


def within(extra: str) -> str:
    text = each("<p>", "</p>|").split("|")
    return f"<article><h1>{TITLE}</h1>{''.join(text[:4])}{extra}{''.join(text[4:])}</article>"


def test_another_article_within_the_article_is_none_of_it() -> None:
    other = (
        "<article><h2><a href='/road'>The winter road is open from Tuesday morning</a></h2>"
        "<p>The road over the fell opens on Tuesday at six, three weeks later than last year.</p>"
        "<p>Drivers are asked to bring shovels, warm clothes and a tank that is full.</p></article>"
    )
    found = read(within(other))
    assert isinstance(found, Article)
    assert found.text.split() == " ".join(LINES).split()


def test_posts_that_lead_to_themselves_are_of_the_article() -> None:
    post = (
        "<article><h2><a href='#p{n}'>What was said at {n} o’clock</a></h2>"
        "<p>At {n} the county said that the quay has to wait, and that the hall may stay.</p>"
        "</article>"
    )
    found = read(within("".join(post.format(n=n) for n in (8, 9))))
    assert isinstance(found, Article)
    assert found.text.count("the quay has to wait") == 2


OTHERS = {
    "teasers of whole sentences": "".join(
        f"<article><h2><a href='/{n}'>Another headline of the day, number {n}</a></h2><p>What the "
        f"other story, number {n}, is about is told here in a whole sentence or two.</p></article>"
        for n in range(30)
    ),
    "the next article below": "<article><h1>Another story altogether</h1>"
    + "".join(f"<p>Elsewhere in the county, {line.lower()}</p>" for line in LINES)
    + "</article>",
}


@pytest.mark.parametrize("others", OTHERS)
def test_articles_beside_the_page_s_own_are_others(others: str) -> None:
    own = f"<article><h1>{TITLE}</h1>{each('<p>', '</p>')}</article>"
    found = read(own + OTHERS[others])
    assert isinstance(found, Article), found
    assert found.text.split() == " ".join(LINES).split()
