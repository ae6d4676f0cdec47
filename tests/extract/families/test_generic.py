"""Pages of unknown templates: the text, its kinds, and none of the furniture."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nordcrawl.extract import extract
from nordcrawl.model.article import Article, Block, BlockKind
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

LONG = "Havna i byen skal bygges ut over de neste tre årene, og kommunen regner med at arbeidet vil gi plass til dobbelt så mange båter som i dag."  # fmt: skip


def read(body: str, head: str = "", profile: Profile | None = None) -> Article:
    markup = (
        f"<!doctype html><html lang=nb><head><title>Ny havn i byen</title>{head}</head>"
        f"<body>{body}</body></html>"
    )
    page = Page("https://avis.test/lokalt/havn", markup.encode(), datetime(2026, 6, 1, tzinfo=UTC))
    found = extract(page, profile or Profile())
    assert isinstance(found, Article), found
    return found


def paragraphs(count: int, start: int = 0) -> str:
    return "".join(f"<p>{LONG} Punkt {n}.</p>" for n in range(start, start + count))


@pytest.mark.parametrize(
    "line",
    [
        "Les også: <a href='/a'>Havna er for liten</a>",
        "<a href='/a'>Les også: Havna er for liten</a>",
        "Läs också: <a href='/a'>Hamnen är för liten</a>",
        "Læs også: <a href='/a'>Havnen er for lille</a>",
        "Read more: <a href='/a'>The harbour is too small</a>",
        "<strong>LES OGSÅ</strong>",
        "Annonse",
        "Artikkelen fortsetter under annonsen",
        "<a href='/a'>Read in English</a>",
    ],
)
def test_pointers_and_labels_go(line: str) -> None:
    article = read(f"<article><h1>Ny havn i byen</h1>{paragraphs(3)}<p>{line}</p>{paragraphs(3, 3)}</article>")  # fmt: skip
    assert [b.text for b in article.blocks] == [f"{LONG} Punkt {n}." for n in range(6)]


def test_sentence_that_begins_like_a_pointer_stays() -> None:
    line = (
        "Les også dette som en advarsel til dem som vil bygge videre uten å spørre naboene først."
    )
    article = read(f"<article><h1>Ny havn i byen</h1>{paragraphs(3)}<p>{line}</p>{paragraphs(2, 3)}</article>")  # fmt: skip
    assert line in article.text


def test_title_is_no_text_and_standfirst_is_summary() -> None:
    lead = "Kommunen vil ha plass til flere båter, og har nå bestemt seg for å bygge."
    article = read(
        f"<header><h1>Ny havn i byen</h1><p class='ingress'>{lead}</p></header>"
        f"<div class='byline'>Av Kari Nordmann</div><main>{paragraphs(5)}</main>"
    )
    assert article.blocks[0] == Block(BlockKind.SUMMARY, lead)
    assert article.subtitle == lead
    assert "Ny havn" not in article.text
    assert "Kari" not in article.text


def test_kinds_of_blocks() -> None:
    article = read(
        f"<article><h1>Ny havn i byen</h1>{paragraphs(2)}<h2>Dyrt</h2>{paragraphs(2, 2)}"
        "<ul><li>Første båt inn i havna</li><li>Andre båt inn i havna</li></ul>"
        "<figure><img src='/b.jpg' alt='Kaia'><figcaption>Kaia i dag. (Foto: Per Lie)</figcaption></figure>"
        f"{paragraphs(2, 4)}</article>"
    )
    kinds = [b.kind for b in article.blocks]
    assert kinds.count(BlockKind.P) == 6
    assert Block(BlockKind.HEADING, "Dyrt", level=2) in article.blocks
    assert Block(BlockKind.LIST, "Første båt inn i havna\nAndre båt inn i havna") in article.blocks
    assert Block(BlockKind.CAPTION, "Kaia i dag.", credit="Per Lie") in article.blocks
    assert article.images[0].alt == "Kaia"
    assert article.images[0].credit == "Per Lie"
    assert "Kaia i dag" not in article.text


def test_closing_list_of_other_articles_goes() -> None:
    others = "".join(f"<h3><a href='/{n}'>Annen sak {n}</a></h3><p>Kort om sak {n}.</p>" for n in range(3))  # fmt: skip
    article = read(f"<article><h1>Ny havn i byen</h1>{paragraphs(6)}<h2>Mest lest</h2>{others}</article>")  # fmt: skip
    assert "Annen sak" not in article.text
    assert len(article.blocks) == 6


def test_links_are_absolute_and_once() -> None:
    link = "<a href='/sak#x'>planen</a> og <a href='https://annen.test/a'>svaret</a>"
    article = read(f"<article><h1>Ny havn i byen</h1>{paragraphs(3)}<p>{LONG} Se {link} og <a href='/sak'>igjen</a>.</p>{paragraphs(2, 3)}</article>")  # fmt: skip
    assert article.links == ("https://avis.test/sak", "https://annen.test/a")


def test_source_may_select_the_body_and_prune() -> None:
    body = f"<h1>Ny havn i byen</h1><div id=a><p>Kort.</p><p class=x>Bort.</p></div>{paragraphs(5)}"
    profile = Profile(select=(("body", ("#nothing", "#a")),), prune=(".x",))
    article = read(body, profile=profile)
    assert [b.text for b in article.blocks] == ["Kort."]


def test_page_classes_do_not_make_captions_of_all() -> None:
    article = read(f"<div class='has-caption'><h1>Ny havn i byen</h1>{paragraphs(5)}</div>")
    assert {b.kind for b in article.blocks} == {BlockKind.P}


def test_text_in_divs_with_double_breaks() -> None:
    body = "<br><br>".join(f"{LONG} Punkt {n}." for n in range(5))
    article = read(f"<h1>Ny havn i byen</h1><div>{body}</div>")
    assert [b.text for b in article.blocks] == [f"{LONG} Punkt {n}." for n in range(5)]
