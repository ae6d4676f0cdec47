"""The text of pages of unknown templates, in the shapes that trafilatura alone gets wrong."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from nordcrawl.extract import extract
from nordcrawl.model.article import Article, BlockKind
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

LONG = "Havna i byen skal bygges ut over de neste tre årene, og kommunen regner med at arbeidet vil gi plass til dobbelt så mange båter som i dag."  # fmt: skip
LEAD = "Kommunen vil ha plass til flere båter, og har nå bestemt seg for å bygge."
CARD = "<div class=kort><h3><a href='/{n}'>En annen sak nummer {n}</a></h3><p>Kort om denne saken, og om hvorfor den bør leses nå.</p></div>"  # fmt: skip


def read(body: str, head: str = "") -> Article:
    markup = (
        f"<!doctype html><html lang=nb><head><title>Ny havn i byen</title>{head}</head>"
        f"<body>{body}</body></html>"
    )
    page = Page("https://avis.test/lokalt/havn", markup.encode(), datetime(2026, 6, 1, tzinfo=UTC))
    found = extract(page, Profile())
    assert isinstance(found, Article), found
    return found


def paragraphs(count: int, start: int = 0, wrap: str = "{}") -> str:
    return "".join(wrap.format(f"<p class=brod>{LONG} Punkt {n}.</p>") for n in range(start, start + count))  # fmt: skip


def texts(article: Article) -> list[str]:
    return [block.text for block in article.blocks]


def numbered(*numbers: int) -> list[str]:
    return [f"{LONG} Punkt {n}." for n in numbers]


def test_paragraphs_in_wrappers_of_one_shape_are_all_there() -> None:
    linked = "<div class=x1><p class=brod><a href='/y'>Dette har departementet sagt ja til i et brev som kom</a> i går.</p></div>"  # fmt: skip
    wrap = "<div class=x1>{}</div>"
    article = read(f"<article><h1>Ny havn i byen</h1>{paragraphs(4, 0, wrap)}{linked}{paragraphs(3, 4, wrap)}</article>")  # fmt: skip
    assert texts(article) == [
        *numbered(0, 1, 2, 3),
        "Dette har departementet sagt ja til i et brev som kom i går.",
        *numbered(4, 5, 6),
    ]


@pytest.mark.parametrize(
    "lead",
    [
        f"<div class=c7x>{LEAD}</div>",
        f"<h2 class=c7x>{LEAD}</h2>",
        f"<div class=preamble><p>{LEAD}</p></div>",
        f"<p class=ingress>{LEAD}</p>",
    ],
)
def test_a_standfirst_needs_no_known_name(lead: str) -> None:
    article = read(f"<article><header><h1>Ny havn i byen</h1>{lead}</header><div class=body>{paragraphs(5)}</div></article>")  # fmt: skip
    assert article.blocks[0].kind is BlockKind.SUMMARY
    assert texts(article) == [LEAD, *numbered(0, 1, 2, 3, 4)]


@pytest.mark.parametrize(
    "line",
    [
        "<div class=player>Opplesningen er laget av en maskin og kan ha feil i seg.</div>",
        "<div class=share>Del denne saken med alle dem som du kjenner der ute.</div>",
        "<p>Les også denne saken om havna, som vi skrev i går kveld</p>",
        "<div class=teaser>Kommunen vil ha plass til flere båter, og har nå ...</div>",
    ],
)
def test_what_else_stands_under_a_headline_is_no_standfirst(line: str) -> None:
    article = read(f"<article><header><h1>Ny havn i byen</h1>{line}</header><div class=body>{paragraphs(5)}</div></article>")  # fmt: skip
    assert texts(article) == numbered(0, 1, 2, 3, 4)


def test_a_class_around_all_of_the_text_tells_nothing() -> None:
    article = read(f"<div class='related comments-open'><h1>Ny havn i byen</h1><p class=lead>{LEAD}</p>{paragraphs(5)}</div>")  # fmt: skip
    assert texts(article) == [LEAD, *numbered(0, 1, 2, 3, 4)]


def test_a_list_of_other_articles_inside_the_text_goes_and_the_text_goes_on() -> None:
    box = "<h2>Les også</h2>" + "".join(CARD.format(n=n) for n in range(3))
    article = read(f"<article><h1>Ny havn i byen</h1>{paragraphs(4)}<div class=boks>{box}</div>{paragraphs(4, 4)}</article>")  # fmt: skip
    assert texts(article) == numbered(*range(8))


def test_a_box_that_is_mostly_links_goes_whatever_it_is_called() -> None:
    box = "<div class=q9><h4>Dette nummeret</h4><div><a href='/nr'>Februar 2026 med mye om havner</a></div></div>"  # fmt: skip
    article = read(f"<article><h1>Ny havn i byen</h1>{paragraphs(4)}{box}{paragraphs(4, 4)}</article>")  # fmt: skip
    assert texts(article) == numbered(*range(8))


def test_a_heading_with_nothing_left_under_it_goes() -> None:
    links = "<h3>Mer fra oss om politikk</h3><ul><li><a href='/1'>En sak om båter</a></li><li><a href='/2'>En sak om fisk</a></li></ul>"  # fmt: skip
    article = read(f"<article><h1>Ny havn i byen</h1>{paragraphs(4)}{links}<h3>Dyrt</h3>{paragraphs(3, 4)}</article>")  # fmt: skip
    assert texts(article) == [*numbered(0, 1, 2, 3), "Dyrt", *numbered(4, 5, 6)]


def test_a_line_that_shares_a_box_with_a_picture_is_its_caption() -> None:
    picture = "<div class=bildeboks><img src='/kai.jpg' width=800><p class=info>Ordføreren på den nye kaia i går</p></div>"  # fmt: skip
    article = read(f"<article><h1>Ny havn i byen</h1>{paragraphs(4)}{picture}{paragraphs(4, 4)}</article>")  # fmt: skip
    captions = [b.text for b in article.blocks if b.kind is BlockKind.CAPTION]
    assert captions == ["Ordføreren på den nye kaia i går"]
    assert "Ordføreren" not in article.text


def test_a_line_break_parts_lines_but_not_a_sentence() -> None:
    lines = "Første seiling er klokka ti.<br>Andre seiling er klokka tolv.<br>Kom tidlig, for det\n<br>er få plasser."  # fmt: skip
    article = read(f"<article><h1>Ny havn i byen</h1>{paragraphs(4)}<p class=brod>{lines}</p></article>")  # fmt: skip
    assert texts(article)[4:] == [
        "Første seiling er klokka ti.",
        "Andre seiling er klokka tolv.",
        "Kom tidlig, for det er få plasser.",
    ]


def test_two_line_breaks_part_paragraphs() -> None:
    body = "<br><br>".join(numbered(0, 1, 2, 3))
    assert texts(read(f"<article><h1>Ny havn i byen</h1><div>{body}</div></article>")) == numbered(0, 1, 2, 3)  # fmt: skip


def test_a_live_page_is_whole() -> None:
    posts = "".join(f"<div class=post><h3>Klokka {n}</h3><p class=innlegg>{LONG} Innlegg {n}.</p></div>" for n in range(30))  # fmt: skip
    article = read(f"<main><h1>Ny havn i byen</h1><div class=tekst>{paragraphs(5)}</div><div class=poster>{posts}</div></main>")  # fmt: skip
    assert sum(f"Innlegg {n}." in article.text for n in range(30)) == 30
    assert "Punkt 4." in article.text


@pytest.mark.parametrize(
    "line",
    [
        "Har du tips til redaksjonen? Send oss en e-post.",
        "Hat Ihnen dieser Artikel gefallen? Dann unterstützen Sie uns bitte.",
        "Do you have a story to tell? Email: tips@avis.test",
        "This article was first published in Avisa Nord.",
        "An dieser Stelle finden Sie einen externen Inhalt, der den Artikel ergänzt.",
        "NTB/per",
        "Kari Nordmann er journalist i Avisa Nord og skriver om havner.",
    ],
)
def test_lines_that_close_a_page_go(line: str) -> None:
    author = "<meta name=author content='Kari Nordmann'>"
    article = read(f"<article><h1>Ny havn i byen</h1>{paragraphs(6)}<p class=brod>{line}</p></article>", author)  # fmt: skip
    assert texts(article) == numbered(*range(6))


def test_a_sign_off_that_is_words_stays() -> None:
    article = read(f"<article><h1>Ny havn i byen</h1>{paragraphs(6)}<p class=brod>Hilsen Per</p></article>")  # fmt: skip
    assert texts(article)[-1] == "Hilsen Per"


@pytest.mark.parametrize(
    "told",
    ["\n".join(numbered(*range(6))), "".join(f"<p>{line}</p>" for line in numbered(*range(6)))],
)
def test_a_text_that_only_the_page_s_data_has_is_read_there(told: str) -> None:
    data = json.dumps({"@type": "NewsArticle", "headline": "Ny havn i byen", "articleBody": told})
    head = f"<script type='application/ld+json'>{data}</script>"
    article = read("<main><h1>Ny havn i byen</h1><div id=app>Vent litt ...</div></main>", head)
    assert texts(article) == numbered(*range(6))
    assert article.provenance["blocks"].origin == "json-ld"
    shown = read(f"<main><h1>Ny havn i byen</h1>{paragraphs(5, 10)}</main>", head)
    assert texts(shown) == numbered(*range(10, 15))


@pytest.mark.parametrize(
    "inner",
    [
        "<ul><li>Færre båter</li><li>Mer is</li></ul>",
        "<p>Færre båter.</p>",
        "<pre>færre båter</pre>",
    ],
)
def test_a_figure_that_shows_nothing_but_text_is_text(inner: str) -> None:
    body = f"{paragraphs(2)}<figure class=wp-block-table>{inner}</figure>{paragraphs(2, 2)}"
    found = " ".join(texts(read(f"<h1>Ny havn i byen</h1><article>{body}</article>")))
    assert "ærre båter" in found
