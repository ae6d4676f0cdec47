"""Views: an article's blocks as the text, as Markdown, and as the whole printed page.

Everything here is made from the blocks that the archive keeps, so a view can be had of any record,
and a better one later. Does not know how the blocks were found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from nordcrawl.model.article import Block, BlockKind, Image, normalize, paragraphs

#: What may begin or end something within a line. Source: CommonMark 0.31.2, 2.4 "Backslash
#: escapes" and section 6; "~" is GFM's strikethrough. An "&" only where it begins a reference
#: (2.5), so that most ampersands stay as they are.
_INLINE = re.compile(r"[\\`*_\[\]<>~]|&(?=#|\w+;)")
#: What makes a line something else than text. Source: as above, 4.1 thematic breaks, 4.2 headings,
#: 5.2 list items; block quotes, fences, HTML and link definitions begin with what `_INLINE` has.
_LINE_START = re.compile(r"^(?:(?P<mark>[-+]|#{1,6})(?=[ \t]|$)|(?P<rule>-)(?=[- \t]*$))")
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=[ \t]|$)")
#: Number signs that close a heading. Source: as above, 4.2.
_CLOSING = re.compile(r"(?:^|(?<=[ \t]))#(?=#*$)")
#: What the papers of a language print before the name of who made a picture.
_PHOTO = {
    "en": "Photo: ", "fr": "Photo : ", "nb": "Foto: ", "nn": "Foto: ", "no": "Foto: ",
    "da": "Foto: ", "sv": "Foto: ", "de": "Foto: ", "nl": "Foto: ", "it": "Foto: ",
    "es": "Foto: ", "pt": "Foto: ", "pl": "Fot. ",
}  # fmt: skip


def text(blocks: Iterable[Block]) -> str:
    """Return what stands in the record as ``text``: standfirst and body, an empty line between.

    >>> text([Block(BlockKind.HEADING, "Isen", level=2), Block(BlockKind.P, "Den smelter.")])
    'Isen\\n\\nDen smelter.'
    """
    return "\n\n".join(paragraphs(blocks))


# --- the full view ---------------------------------------------------------------------------


def full(
    blocks: Iterable[Block],
    *,
    title: str | None = None,
    images: Iterable[Image] = (),
    language: str | None = None,
) -> str:
    """Return all that a reader of the page sees: also headline, captions with credit, notes.

    Of `images` the description of each picture goes before its caption. A credit that the caption
    does not name itself follows in brackets; the record keeps it without its label, so the one
    that is usual in `language` (BCP 47) is put there, none where that is not known.

    >>> full([Block(BlockKind.CAPTION, "Isen.", credit="Kari Li")], title="I nord", language="nb")
    'I nord\\n\\nIsen. (Foto: Kari Li)'
    """
    told = {image.caption: image.alt for image in images if image.caption and image.alt}
    label = _PHOTO.get((language or "").partition("-")[0].lower(), "")
    parts = [title] if title else []
    for block in blocks:
        if block.kind is BlockKind.CAPTION:
            caption = _caption(block, label)
            alt = told.get(block.text)
            shown = alt and normalize(alt).casefold() not in normalize(caption).casefold()
            parts.append(f"{alt}\n{caption}" if shown else caption)
        elif block.kind is BlockKind.UPDATE:
            parts.append(f"{_time(block.at)}: {block.text}" if block.at else block.text)
        else:
            parts.extend(paragraphs([block]))
    return "\n\n".join(part for part in parts if part)


def _caption(block: Block, label: str = "") -> str:
    """Return a caption with its credit, which may stand in its text already."""
    if not block.credit or block.credit in block.text:
        return block.text
    return f"{block.text} ({label}{block.credit})".strip()


def _time(at: str) -> str:
    """Return an RFC 3339 time in UTC to the minute, as a person writes it.

    >>> _time("2026-01-31T06:00:00Z")
    '2026-01-31 06:00 UTC'
    """
    return f"{at[:10]} {at[11:16]} UTC"


# --- Markdown --------------------------------------------------------------------------------


def markdown(blocks: Iterable[Block], *, title: str | None = None) -> str:
    """Return the article as CommonMark, with tables as GFM has them; ends in a line break.

    What the text says is never markup: a parser reads back the same characters. The headline is
    the heading of level 1, captions are in italics, quotes and fact boxes are block quotes, with
    the speaker behind a dash and the box's title in bold; a note of a change begins with its time.

    Source: CommonMark 0.31.2; GitHub Flavored Markdown 0.29, 4.10 "Tables".

    >>> print(markdown([Block(BlockKind.P, "1. mai *er* rød.")], title="C# & co"), end="")
    # C# & co
    <BLANKLINE>
    1\\. mai \\*er\\* rød.
    """
    parts = [_heading(title, 1)] if title else []
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        if kind is BlockKind.LIST:
            # Paragraphs with a bullet each are blocks of their own, and one list.
            lines = [line for block in group for line in _lines(block.text)]
            parts.append("\n".join(f"- {_line(line)}" for line in lines))
        else:
            parts.extend(_markdown(block) for block in group)
    body = "\n\n".join(filter(None, parts))
    return f"{body}\n" if body else ""


def _markdown(block: Block) -> str:
    match block.kind:
        case BlockKind.HEADING:
            return _heading(block.text, block.level or 2)
        case BlockKind.QUOTE:
            said = [_line(line) for line in _lines(block.text)]
            return _quoted([*said, f"— {_inline(_one(block.speaker))}"] if block.speaker else said)
        case BlockKind.FACTBOX:
            title = [f"**{_inline(_one(block.title))}**"] if block.title else []
            return _quoted([*title, *(_line(line) for line in _lines(block.text))])
        case BlockKind.TABLE:
            return _table([line.split("\t") for line in _lines(block.text)])
        case BlockKind.CAPTION:
            caption = _one(_caption(block))
            return f"*{_inline(caption)}*" if caption else ""
        case BlockKind.UPDATE if block.at:
            return f"*{_time(block.at)}:* {_inline(_one(block.text))}"
        case _:
            return _line(_one(block.text))


def _lines(text: str) -> Iterator[str]:
    return (stripped for line in text.split("\n") if (stripped := line.strip(" \t")))


def _one(text: str | None) -> str:
    """Return a text in one line; it is already, but for a record from elsewhere."""
    return " ".join(_lines(text or ""))


def _heading(text: str, level: int) -> str:
    inner = _CLOSING.sub(r"\\#", _inline(_one(text)), count=1)
    return f"{'#' * min(6, max(1, level))} {inner}" if inner else ""


def _quoted(lines: Sequence[str]) -> str:
    """Return paragraphs as one block quote. Source: CommonMark 0.31.2, 5.1."""
    return "\n>\n".join(f"> {line}" for line in lines)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells with pipes; the first row is the head, as the format has no other."""
    if not rows:
        return ""
    width = max(map(len, rows))
    cells = [[_cell(cell) for cell in [*row, *[""] * (width - len(row))]] for row in rows]
    head, *rest = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([head, f"|{' --- |' * width}", *rest])


def _cell(text: str) -> str:
    return _inline(text.strip()).replace("|", r"\|")


def _line(text: str) -> str:
    """Return one line of text that begins a paragraph or list item."""
    if found := _NUMBERED.match(text):
        return f"{found[1]}\\{found[2]}{_inline(text[found.end() :])}"
    return f"\\{_inline(text)}" if _LINE_START.match(text) else _inline(text)


def _inline(text: str) -> str:
    """Return a text with what would be markup within a line escaped.

    >>> _inline("AT&T skrev &amp; [her](x) snake_case")
    'AT&T skrev \\\\&amp; \\\\[her\\\\](x) snake\\\\_case'
    """
    return _INLINE.sub(r"\\\g<0>", text)
