"""Boxes in the text: quotes with who said them, captions with credit, bold lines, kickers."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nordcrawl.extract import extract
from nordcrawl.model.article import Article, Block, BlockKind
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

SAID = "Vi har aldri hatt så mange søkere til båtene som i år"
PARAGRAPHS = [
    "Rederiet leter etter tolv nye folk til vinteren, og listen over søkere er lang som et helt skipsdekk.",
    "De fleste har gått på fiskerifagskolen i byen, men noen kommer rett fra kontorjobber lenger sør i landet.",
    "Skipperen tar imot dem på kaia og viser dem lugarene, byssa og rommet der garnene ligger på vinteren.",
    "Den første turen går allerede i januar, når torsken kommer inn fra havet og været er på sitt aller verste.",
]


def read(between: str, *, head: str = "", above: str = "", family: str = "generic") -> Article:
    """Return the article of a page that has `between` in the middle of its text."""
    before, after = (
        "".join(f"<p>{p}</p>" for p in part) for part in (PARAGRAPHS[:2], PARAGRAPHS[2:])
    )
    html = (
        f'<html lang="nb"><head><title>Mange vil til sjøs</title>{head}</head><body><nav><a href="/">Forsiden</a></nav>'
        f'<main>{above or "<h1>Mange vil til sjøs</h1>"}<div class="story">{before}{between}{after}</div></main></body></html>'
    )
    page = Page("https://www.nordavisa.test/kyst/mange-vil-til-sjos", html.encode(), datetime(2026, 7, 1, tzinfo=UTC))  # fmt: skip
    article = extract(page, Profile(family=family))
    assert isinstance(article, Article), article
    return article


def middle(article: Article) -> list[Block]:
    """Return what stands between the paragraphs."""
    texts = [block.text for block in article.blocks]
    return list(article.blocks[texts.index(PARAGRAPHS[1]) + 1 : texts.index(PARAGRAPHS[2])])


# --- quotes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "box",
    [
        '<aside class="pull-quote"><p>{said}</p><p class="who">{who}</p></aside>',
        '<div class="type-quote"><div class="sitat-tekst">{said}</div><div class="sitat-kilde">{who}</div></div>',
        '<details open class="sitat"><summary>Sitat</summary><p>{said}</p><p>{who}</p></details>',
        '<div class="k7"><blockquote><p>{said}</p></blockquote><p class="x1">{who}</p></div>',
        '<div class="quotebox"><span class="mark">“</span><p>{said}</p><footer>{who}</footer></div>',
        '<p class="quote"><span>{said}</span> <span class="ingress">{who}</span></p>',
        '<p class="sitat">{said}</p><p class="sitat-kilde">{who}</p>',
    ],
    ids=["aside", "div", "details", "wrapper", "ornament", "inline", "two paragraphs"],
)
@pytest.mark.parametrize("who", ["Eva Lie", "Skipperen", "Eva Lie, skipper på Havbris."])
def test_the_last_line_of_a_quotes_box_is_its_speaker(box: str, who: str) -> None:
    assert middle(read(box.format(said=SAID, who=who))) == [
        Block(BlockKind.QUOTE, SAID, speaker=who)
    ]


def test_name_and_role_in_lines_of_their_own() -> None:
    box = f'<div class="quotebox"><p>{SAID}</p><div class="a">Eva Lie</div><div class="b">skipper</div></div>'
    assert middle(read(box)) == [Block(BlockKind.QUOTE, SAID, speaker="Eva Lie, skipper")]


def test_an_aside_that_holds_words_in_quotation_marks_is_a_quote() -> None:
    box = f'<aside class="m4"><p>«{SAID}»</p><p>Eva Lie</p></aside>'
    assert middle(read(box)) == [Block(BlockKind.QUOTE, f"«{SAID}»", speaker="Eva Lie")]


def test_an_aside_without_a_sign_of_a_quote_is_none() -> None:
    box = '<aside class="m4"><p>Bestill avisen og få den i postkassen hver dag</p><p>Fra 99 kroner</p></aside>'
    assert not any(block.kind is BlockKind.QUOTE for block in read(box).blocks)


def test_the_last_paragraph_of_a_quoted_passage_is_no_speaker() -> None:
    box = f"<blockquote><p>{SAID}, og halvparten er kvinner.</p><p>Det var nok for meg.</p></blockquote>"
    assert [block.speaker for block in middle(read(box))] == [None, None]


# --- captions --------------------------------------------------------------------------------

IMG = '<img src="/i/kai.jpg" width="800" height="500" alt="">'


@pytest.mark.parametrize(
    "figure",
    [
        f'<div class="a1"><div class="b2">{IMG}</div><div class="c3">Kaia i går (Foto: Per Lie)</div></div>',
        f'<div class="a1">{IMG}<div>Kaia i går</div><span>(Foto: Per Lie)</span></div>',
        f"<p>{IMG}<br><em>Kaia i går (Foto: Per Lie)</em></p>",
        f"<p>{IMG}</p><p><em>Kaia i går (Foto: Per Lie)</em></p>",
        f'<figure>{IMG}<div class="legend"><span>Kaia i går</span> <span class="byline">Foto: Per Lie</span></div></figure>',
    ],
    ids=[
        "box without a name",
        "credit apart",
        "line break",
        "next paragraph",
        "credit in the line",
    ],
)
@pytest.mark.parametrize("family", ["generic", "labrador"])
def test_a_short_line_in_a_pictures_box_is_its_caption(figure: str, family: str) -> None:
    article = read(figure, family=family)
    assert middle(article) == [Block(BlockKind.CAPTION, "Kaia i går", credit="Per Lie")]
    assert [(image.caption, image.credit) for image in article.images] == [
        ("Kaia i går", "Per Lie")
    ]


def test_paragraphs_beside_pictures_are_text_where_all_are() -> None:
    rows = "".join(
        f'<div class="stop"><div><img src="/i/{n}.jpg" width="800" height="500" alt=""></div><p class="t">{text}</p></div>'
        for n, text in enumerate(PARAGRAPHS)
    )
    html = f"<html lang='nb'><head><title>Fire steder på kysten</title></head><body><main><h1>Fire steder på kysten</h1>{rows}</main></body></html>"
    page = Page(
        "https://www.nordavisa.test/kyst/fire-steder",
        html.encode(),
        datetime(2026, 7, 1, tzinfo=UTC),
    )
    article = extract(page, Profile())
    assert isinstance(article, Article), article
    assert [b.text for b in article.blocks if b.kind is BlockKind.P] == PARAGRAPHS


def test_who_made_a_picture_is_no_author() -> None:
    caption = f'<figure>{IMG}<figcaption itemprop="caption">Kaia</figcaption><figcaption itemprop="author">Per Lie</figcaption></figure>'
    assert read(caption).authors == ()


# --- headings and kickers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("<p><strong>Lang kø på kaia</strong></p>", BlockKind.HEADING),
        ("<p><b>Lang kø på kaia</b><br></p>", BlockKind.HEADING),
        ("<p><strong>Hvorfor vil så mange til sjøs?</strong></p>", BlockKind.P),
        ("<p><strong>Eva Lie:</strong> Lang kø på kaia</p>", BlockKind.P),
        ("<h3>Om bord</h3><p>Lugarene er små, men det er vindu i alle sammen.</p><p><strong>Lang kø på kaia</strong></p>", BlockKind.P),
    ],
    ids=["strong", "b", "question", "name", "beside headings"],
)  # fmt: skip
def test_bold_lines_that_stand_for_headings(line: str, kind: BlockKind) -> None:
    assert middle(read(line))[-1].kind is kind


@pytest.mark.parametrize(
    ("above", "kicker"),
    [
        ('<header><div class="x2">Fiskeri</div><h1>Mange vil til sjøs</h1></header>', "Fiskeri"),
        ("<header><h1><span>Fiskeri</span> Mange vil til sjøs</h1></header>", "Fiskeri"),
        ('<div><div class="p"><p>Fiskeri:</p></div><div class="p"><h1>Mange vil til sjøs</h1></div></div>', "Fiskeri"),
        ('<header><a class="kicker" href="/fiskeri">Fiskeri</a><h1>Mange vil til sjøs</h1></header>', "Fiskeri"),
        ('<header><a href="/">Til forsiden</a><h1>Mange vil til sjøs</h1></header>', None),
        ("<header><div>12. mars 2026</div><h1>Mange vil til sjøs</h1></header>", None),
        ("<header><p>Av Kari Nordmann</p><h1>Mange vil til sjøs</h1></header>", None),
        ("<header><div>Annonse</div><h1>Mange vil til sjøs</h1></header>", None),
        ("<div><p>Fiskeri</p><p>Om oss og avisen vår.</p></div><h1>Mange vil til sjøs</h1>", None),
    ],
    ids=["line", "in the headline", "panes", "named link", "link", "day", "byline", "label", "other box"],
)  # fmt: skip
def test_the_kicker_is_the_short_line_above_the_headline(above: str, kicker: str | None) -> None:
    head = '<meta property="og:title" content="Mange vil til sjøs">'
    article = read("", above=above, head=head)
    assert article.title == "Mange vil til sjøs"
    assert article.kicker == kicker
    if kicker:
        assert article.provenance["kicker"].origin == "printed"
    assert kicker not in [block.text for block in article.blocks]


def test_a_speaker_stays_with_what_they_said_whoever_they_are() -> None:
    names = '<meta name="author" content="Eva Lie">'
    box = f'<div class="quotebox"><p>{SAID}</p><p>Eva Lie</p></div>'
    assert middle(read(box, head=names)) == [Block(BlockKind.QUOTE, SAID, speaker="Eva Lie")]


def test_pictures_in_a_table_of_data_are_marks_and_its_cells_no_captions() -> None:
    picture = '<img src="/m/{}.jpg" width="300" height="200">'
    rows = ["Lav rente", "Ingen gebyr", "Betales hver måned"]
    cells = "".join(
        f"<tr><td>{picture.format(n)}</td><td>{row}</td></tr>" for n, row in enumerate(rows)
    )
    found = middle(read(f"<table>{cells}</table>"))
    assert [block.kind for block in found] == [BlockKind.TABLE]
    assert all(row in found[0].text for row in rows)
    alone = f"<table><tr><td>{picture.format(9)}</td></tr><tr><td>Kaia i mars</td></tr></table>"
    assert [(b.kind, b.text) for b in middle(read(alone))] == [(BlockKind.CAPTION, "Kaia i mars")]


def test_what_stands_under_a_heading_and_its_picture_is_text() -> None:
    parts = {
        "1921": "Kaia ble bygd av staten for penger fra de rike sildeårene før krigen.",
        "1951": "Den ble gjort halvannen gang så lang, og ytterst ble det satt opp en kran.",
        "2026": "Kommunestyret vedtar å gjøre den to hundre meter lengre enn den er i dag.",
    }
    box = "".join(
        f'<div><h4>{year}</h4><img src="/{year}.jpg" width="600" height="400"><p>{text}</p></div>'
        for year, text in parts.items()
    )
    found = middle(read(f'<div class="timeline">{box}</div>'))
    assert [b.text for b in found if b.kind is BlockKind.HEADING] == list(parts)
    assert [b.text for b in found if b.kind is BlockKind.P] == list(parts.values())
