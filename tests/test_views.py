"""Views: one set of blocks as text, as Markdown that a parser reads back, as the printed page."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from nordcrawl.extract.page.text import clean
from nordcrawl.model.article import Article, Block, BlockKind, Extractor, Image
from nordcrawl.views import full, markdown, text

K = BlockKind
#: With raw HTML, tables and strikethrough: whatever a reader of the file may have turned on.
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

BLOCKS = (
    Block(K.SUMMARY, "Isen smelter fortere enn ventet."),
    Block(K.CAPTION, "Isen i mai.", credit="Kari Li / Avisa"),
    Block(K.P, "– Vi så det i 2020, sier hun."),
    Block(K.HEADING, "Hva nå", level=3),
    Block(K.QUOTE, "Vi må måle.", speaker="Ola Berg, forsker"),
    Block(K.LIST, "en\nto"),
    Block(K.TABLE, "år\tis\n2020\t3|4\n2021"),
    Block(K.FACTBOX, "Is er vann.\nDen flyter.", title="Fakta"),
    Block(K.CAPTION, "Skip. (Foto: Per Ås)", credit="Per Ås"),
    Block(K.UPDATE, "Rettet et navn.", at="2026-01-31T06:00:00Z"),
)


def test_text_is_the_records_own() -> None:
    article = Article("Tittel", BLOCKS, Extractor("x", "1", "1"))
    assert text(BLOCKS) == article.text
    assert "Isen i mai" not in text(BLOCKS)
    assert "Fakta\nIs er vann.\nDen flyter." in text(BLOCKS)


def test_markdown_of_every_kind() -> None:
    assert markdown(BLOCKS, title="I nord") == (
        "# I nord\n\n"
        "Isen smelter fortere enn ventet.\n\n"
        "*Isen i mai. (Kari Li / Avisa)*\n\n"
        "– Vi så det i 2020, sier hun.\n\n"
        "### Hva nå\n\n"
        "> Vi må måle.\n>\n> — Ola Berg, forsker\n\n"
        "- en\n- to\n\n"
        "| år | is |\n| --- | --- |\n| 2020 | 3\\|4 |\n| 2021 |  |\n\n"
        "> **Fakta**\n>\n> Is er vann.\n>\n> Den flyter.\n\n"
        "*Skip. (Foto: Per Ås)*\n\n"
        "*2026-01-31 06:00 UTC:* Rettet et navn.\n"
    )


def test_full_view_is_the_printed_page() -> None:
    images = [
        Image("https://a.test/1.jpg", "Isen i mai.", "Kari Li / Avisa", "Flak på vann"),
        Image("https://a.test/2.jpg", "Skip. (Foto: Per Ås)", "Per Ås", "Skip."),
    ]
    assert full(BLOCKS, title="I nord", images=images, language="nb-NO") == (
        "I nord\n\n"
        "Isen smelter fortere enn ventet.\n\n"
        "Flak på vann\nIsen i mai. (Foto: Kari Li / Avisa)\n\n"
        "– Vi så det i 2020, sier hun.\n\n"
        "Hva nå\n\n"
        "Vi må måle.\nOla Berg, forsker\n\n"
        "en\nto\n\n"
        "år\tis\n2020\t3|4\n2021\n\n"
        "Fakta\nIs er vann.\nDen flyter.\n\n"
        "Skip. (Foto: Per Ås)\n\n"
        "2026-01-31 06:00 UTC: Rettet et navn."
    )


def test_credit_has_no_label_in_a_language_that_is_not_known() -> None:
    caption = [Block(K.CAPTION, "Isen.", credit="Kari Li")]
    assert full(caption) == full(caption, language="zh") == "Isen. (Kari Li)"
    assert full(caption, language="en") == "Isen. (Photo: Kari Li)"


def test_nothing_is_nothing() -> None:
    assert text([]) == full([]) == markdown([]) == ""


def test_paragraphs_with_bullets_are_one_list() -> None:
    assert markdown([Block(K.LIST, "en"), Block(K.LIST, "to")]) == "- en\n- to\n"


@pytest.mark.parametrize("block", BLOCKS)
def test_block_is_read_back_from_the_record(block: Block) -> None:
    assert Block.from_json(block.to_json()) == block
    assert Block.from_json(block.to_json() | {"of_a_later_version": 1}) == block


def test_no_block_is_refused() -> None:
    with pytest.raises(ValueError, match="poem"):
        Block.from_json({"kind": "poem", "text": "x"})


# --- what is said is never markup -----------------------------------------------------------

TRICKS = [
    "# not a heading", "#", "#hashtag", "####### seven", "1. mai", "2) to", "1986.", "- dash", "-",
    "---", "- - -", "-- ", "+ plus", "+", "* star", "***", "> quote", ">", "===", "~~~", "```x",
    "    indented", "*a* **b** _c_ __d__ snake_case_word", "`code` ``x``", "[a](b) [c][d] ![e](f)",
    "[a]: /url 'x'", "<b>bold</b> <script>alert(1)</script>", "<!-- x -->", "<https://a.test>",
    "&amp; &#65; &copy AT&T & co", "back\\slash \\* \\", "a | b", "| a | b |", "\\| x", "a\\|b|",
    "~~struck~~ ~x~", "C# #", "ends ##", "http://a.test/_x_?a=1&b=2", "«– Ja», sa hun…",
    "<p>", "</div>", "<?php", "<![CDATA[", "a  b", "1) ", "10000000000. tall", "[^1] [x] [ ]",
]  # fmt: skip

lines = (
    st.one_of(
        st.sampled_from(TRICKS),
        st.text(st.sampled_from("ab1. )(-+*_#>=~`\\|<&;![]:'\"/é—")),
        st.text(),
        st.lists(st.sampled_from(TRICKS), min_size=2, max_size=3).map(" ".join),
    )
    .map(clean)
    .filter(bool)
)
groups = st.lists(lines, min_size=1, max_size=4).map("\n".join)
rows = st.lists(lines, min_size=1, max_size=3).map("\t".join)
blocks = st.lists(
    st.one_of(
        st.builds(Block, st.sampled_from([K.P, K.SUMMARY, K.CAPTION, K.UPDATE]), lines),
        st.builds(Block, st.just(K.CAPTION), lines, credit=lines),
        st.builds(Block, st.just(K.HEADING), lines, level=st.integers(2, 6)),
        st.builds(Block, st.just(K.QUOTE), lines, speaker=st.none() | lines),
        st.builds(Block, st.just(K.LIST), groups),
        st.builds(Block, st.just(K.FACTBOX), groups, title=st.none() | lines),
        st.builds(Block, st.just(K.TABLE), st.lists(rows, min_size=1, max_size=4).map("\n".join)),
        st.builds(Block, st.just(K.UPDATE), lines, at=st.just("2026-01-31T06:00:00Z")),
    ),
    max_size=5,
).map(tuple)


@given(blocks, st.none() | lines)
@example((), None)
@example(tuple(Block(K.P, clean(trick)) for trick in TRICKS), "C# #")
@example(tuple(Block(K.HEADING, clean(trick), level=2) for trick in TRICKS), None)
@example(tuple(Block(K.CAPTION, clean(trick)) for trick in TRICKS), None)
@example((Block(K.LIST, "\n".join(map(clean, TRICKS))),), None)
@example((Block(K.FACTBOX, "\n".join(map(clean, TRICKS)), title="**"),), None)
@example((Block(K.TABLE, "\n".join(f"{clean(t)}\t{clean(t)}" for t in TRICKS)),), None)
def test_any_text_comes_back_from_markdown(blocks: tuple[Block, ...], title: str | None) -> None:
    """Headings with level, paragraphs, quotes, lists and cells, with the very same characters."""
    assert read_back(markdown(blocks, title=title)) == expected(blocks, title)


def expected(blocks: tuple[Block, ...], title: str | None) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = [("h1", title)] if title else []
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        members = list(group)
        if kind is K.LIST:
            found.append(("list", [line for block in members for line in block.text.split("\n")]))
            continue
        for block in members:
            match kind:
                case K.HEADING:
                    found.append((f"h{block.level}", block.text))
                case K.QUOTE:
                    speaker = [f"— {block.speaker}"] if block.speaker else []
                    found.append(("quote", [block.text, *speaker]))
                case K.FACTBOX:
                    head = [f"<strong>{block.title}</strong>"] if block.title else []
                    found.append(("quote", [*head, *block.text.split("\n")]))
                case K.TABLE:
                    cells = [line.split("\t") for line in block.text.split("\n")]
                    width = max(map(len, cells))
                    found.append(("table", [row + [""] * (width - len(row)) for row in cells]))
                case K.CAPTION:
                    there = not block.credit or block.credit in block.text
                    caption = block.text if there else f"{block.text} ({block.credit})"
                    found.append(("p", f"<em>{caption}</em>"))
                case K.UPDATE if block.at:
                    found.append(("p", f"<em>2026-01-31 06:00 UTC:</em> {block.text}"))
                case _:
                    found.append(("p", block.text))
    return found


def read_back(source: str) -> list[tuple[str, object]]:
    """Parse Markdown into the shape that `expected` has."""
    found: list[tuple[str, object]] = []
    inside: list[object] | None = None
    for token in PARSER.parse(source):
        match token.type:
            case "blockquote_open" | "bullet_list_open" | "table_open":
                assert inside is None
                inside = []
                name = {"blockquote": "quote", "ul": "list", "table": "table"}[token.tag]
                found.append((name, inside))
            case "blockquote_close" | "bullet_list_close" | "table_close":
                inside = None
            case "tr_open":
                assert inside is not None
                row: list[str] = []
                inside.append(row)
            case "heading_open" | "paragraph_open" | "th_open" | "td_open":
                around = token.tag
            case "inline":
                if around in ("th", "td"):
                    row.append(inline(token))
                elif inside is not None:
                    inside.append(inline(token))
                else:
                    found.append((around, inline(token)))
            case other:
                assert other.endswith("_close") or other in (
                    "list_item_open", "thead_open", "tbody_open",
                ), other  # fmt: skip
    return found


def inline(token: Token) -> str:
    marks = {"em_open": "<em>", "em_close": "</em>", "strong_open": "<strong>"}
    marks["strong_close"] = "</strong>"
    out = ""
    for child in token.children or []:
        assert child.type in ("text", "text_special", *marks), child
        out += marks.get(child.type, child.content)
    return out


@given(blocks)
def test_text_view_is_the_same_as_of_the_article(blocks: tuple[Block, ...]) -> None:
    article = Article("x", BLOCKS, Extractor("x", "1", "1"))
    assert text(blocks) == replace(article, blocks=blocks).text
