"""Make typed blocks, pictures and links of the runs that were chosen.

Takes the choice as given: knows what a caption, pull quote, fact box, list, table or change log
looks like, not whether it belongs to the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from lxml.html import HtmlElement

from nordcrawl.extract.body.captions import captions, image_of, once, pictured
from nordcrawl.extract.body.frame import Frame, address
from nordcrawl.extract.body.tables import cell_of, grid, is_data, texts_of
from nordcrawl.extract.lexicon.phrases import BYLINE
from nordcrawl.extract.page import dates
from nordcrawl.extract.page.marks import words_of
from nordcrawl.extract.page.text import clean, key, label_key
from nordcrawl.extract.page.text_runs import Picture, TextRun
from nordcrawl.extract.page.tree import text_of
from nordcrawl.model.article import Block, BlockKind, Image
from nordcrawl.model.times import rfc3339

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BULLET = re.compile(r"^[•·▪►▸‣◦●○*]\s+")
_PULL = frozenset(("quote", "pullquote", "quotebox", "sitat", "zitat", "citat", "quotation"))
_SPEAKER = frozenset(("byline", "cite", "credit", "caption"))
_CHANGE_LOG = frozenset(("endringslogg", "changelog", "change log", "ændringslog", "ändringslogg"))
#: Cells above this make a table one that only lays out the page.
_CELL_WORDS = 60
_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class Body:
    """What stands in the article, in reading order."""

    blocks: tuple[Block, ...]
    images: tuple[Image, ...]
    links: tuple[str, ...]


def assemble(runs: Sequence[TextRun], pictures: Sequence[Picture], frame: Frame) -> Body:
    """Return the blocks of the runs, and the pictures with the captions that are theirs."""
    blocks: list[Block] = []
    shown: list[tuple[int, Image]] = []
    free = list(pictures)
    for kind, group in _groups(runs, frame):
        read = _read(kind, group, frame)
        if kind == "caption":
            shown.extend(pictured(read, group, free, frame))
            read = [caption for caption in read if caption.text]
        blocks.extend(read)
    shown.extend((picture.runs, image) for picture in free if (image := image_of(picture, frame)))
    shown.sort(key=lambda pair: pair[0])
    links = (absolute for run in runs for link in run.links if (absolute := address(link, frame)))
    return Body(tuple(blocks), once(image for _, image in shown), tuple(dict.fromkeys(links)))


def kinds(runs: Sequence[TextRun], frame: Frame) -> list[BlockKind | None]:
    """Return the kind of block that `assemble` puts each run into, None for one that it leaves out.

    For who asks what became of a line: told again from the runs, so that nobody else pays for it.
    """
    found: list[BlockKind | None] = []
    for kind, group in _groups(runs, frame):
        blocks = _read(kind, group, frame)
        if kind == "plain":
            found.extend(block.kind for block in blocks)
        else:
            found.extend(_kind_of(run, blocks) for run in group)
    return found


def _kind_of(run: TextRun, blocks: Sequence[Block]) -> BlockKind | None:
    """Return the kind of the block of a group that is the run's text, or else has it in a part."""
    parts = [
        (part, block.kind)
        for block in blocks
        for part in (block.text, block.speaker, block.title, block.credit)
        if part
    ]
    same = [kind for part, kind in parts if key(part) == run.key]
    # A credit or note has lost its label or time on the way.
    around = [kind for part, kind in parts if run.text in part or part in run.text]
    return next(iter(same + around), None)


def _groups(runs: Sequence[TextRun], frame: Frame) -> Iterator[tuple[str, list[TextRun]]]:
    """Yield the name of a reader and the runs that it reads together."""
    plan = _parts(runs, frame)
    for (kind, _), pairs in groupby(
        zip(plan, runs, strict=True), key=lambda pair: (pair[0][0], id(pair[0][1]))
    ):
        yield kind, [run for _, run in pairs]


def _read(kind: str, group: list[TextRun], frame: Frame) -> list[Block]:
    match kind:
        case "caption":
            return captions(group)
        case "quote":
            return _quotes(group, frame)
        case "factbox":
            return _factbox(group, frame)
        case "list":
            return _lists(group, frame)
        case "table":
            return _table(group, frame)
        case "update":
            return _updates(group, frame)
        case _:
            return [_plain(run, frame) for run in group]


def _parts(runs: Sequence[TextRun], frame: Frame) -> list[tuple[str, HtmlElement | None]]:
    plan: list[tuple[str, HtmlElement | None]] = []
    for run in runs:
        part = _part(run, frame)
        if part[0] == "plain" and plan and plan[-1][0] == "quote" and "byline" in run.near:
            quote = plan[-1][1]
            # The speaker's line may stand behind the quote's element and not in it.
            if quote is not None and run.element.getparent() is quote.getparent():
                part = plan[-1]
        plan.append(part)
    return plan


def _part(run: TextRun, frame: Frame) -> tuple[str, HtmlElement | None]:
    """Return the kind of reader for a run, and the element whose runs are read together."""
    if id(run) in frame.summaries:
        return "plain", None
    inside = [kind for kind, _ in run.groups]
    boxed = "quote" in inside or ("table" in inside and "caption" not in inside)
    if {"figure", "caption"} & set(inside) and not boxed:
        figure = run.within("figure")
        return "caption", figure if figure is not None else _outermost(run, "caption")
    for kind in ("update", "factbox", "quote", "table", "list"):
        if kind in inside:
            return kind, _data_table(run) if kind == "table" else _outermost(run, kind)
    return "plain", None


def _data_table(run: TextRun) -> HtmlElement | None:
    """Return the outermost table around a run that holds data; tables may lay out a page."""
    tables = [element for kind, element in run.groups if kind == "table"]
    if len(tables) == 1:
        return tables[0]
    return next((table for table in tables if is_data(table)), tables[0])


def _outermost(run: TextRun, mark: str) -> HtmlElement | None:
    return next((element for kind, element in run.groups if kind == mark), None)


def _level(run: TextRun) -> int | None:
    """Return 2-6 for a heading, None for any other run."""
    if "heading" not in run.near and "heading" not in run.marks:
        return None
    element: HtmlElement | None = run.element
    while element is not None:
        if level := _HEADINGS.get(str(element.tag)):
            return max(2, level)
        element = element.getparent()
    return None


def _plain(run: TextRun, frame: Frame) -> Block:
    if id(run) in frame.summaries:
        return Block(BlockKind.SUMMARY, run.text)
    if level := 2 if id(run) in frame.headings else _level(run):
        return Block(BlockKind.HEADING, run.text, level=level)
    if _BULLET.match(run.text):
        return Block(BlockKind.LIST, _BULLET.sub("", run.text))
    return Block(BlockKind.P, run.text)


def _quotes(group: list[TextRun], frame: Frame) -> list[Block]:
    """Return a pull quote as one block with its speaker, a quoted passage as it is divided."""
    said = [run for run in group if not _SPEAKER & run.near]
    named = [run for run in group if _SPEAKER & run.near]
    pull = _is_pull(group)
    if pull and not named and len(said) > 1 and said[-1].words <= 12:
        named = [said.pop()]
    if not said:
        return [_plain(run, frame) for run in group]
    speaker = _named([run.text for run in named])
    if pull:
        return [Block(BlockKind.QUOTE, " ".join(run.text for run in said), speaker=speaker)]
    blocks = [Block(BlockKind.QUOTE, run.text) for run in said[:-1]]
    return [*blocks, Block(BlockKind.QUOTE, said[-1].text, speaker=speaker)]


def _named(lines: Sequence[str]) -> str | None:
    """Return who is quoted: name, and role or place where a line of its own tells it.

    >>> _named(["– Kari Li", "fisker"]), _named(["Kari Li,", "fisker"])
    ('Kari Li, fisker', 'Kari Li, fisker')
    """
    speaker = ""
    for line in filter(None, (line.lstrip("–—- ") for line in lines)):
        runs_on = speaker[-1:] in ",;:–—-" or line[0] in "(,["
        speaker += (" " if runs_on else ", ") + line if speaker else line
    return speaker or None


def _is_pull(group: list[TextRun]) -> bool:
    if "pull" in group[0].marks:
        return True
    holders = [element for kind, element in group[0].groups if kind == "quote"]
    return any(
        words_of(f"{e.get('class') or ''}") & _PULL or e.tag in ("aside", "figure") for e in holders
    ) or any("heading" in run.marks for run in group)


def _factbox(group: list[TextRun], frame: Frame) -> list[Block]:
    title, rest = None, group
    first = group[0]
    if len(group) > 1 and (
        {"heading", "toggle"} & first.marks
        or words_of(first.element.get("class") or "") & {"title", "headline", "heading"}
        or (first.strong >= 0.9 * len(first.text) and first.words <= 12)
    ):  # fmt: skip
        title, rest = first.text, group[1:]
    text = "\n".join(_BULLET.sub("", run.text) for run in rest)
    return [Block(BlockKind.FACTBOX, text, title=title)]


def _lists(group: list[TextRun], frame: Frame) -> list[Block]:
    """Return a list as one block; one that holds headings is only a layout."""
    if any("heading" in run.marks for run in group):
        return [_plain(run, frame) for run in group]
    return [Block(BlockKind.LIST, "\n".join(_BULLET.sub("", run.text) for run in group))]


def _table(group: list[TextRun], frame: Frame) -> list[Block]:
    """Return a table as rows of cells, empty ones among them; its caption is a row of its own.

    One of a single column, or that only lays out the page, is no table but its lines.
    """
    table = next((e for kind, e in group[0].groups if kind == "table" and is_data(e)), None)
    if table is None:
        return [_plain(run, frame) for run in group]
    texts = texts_of(group, table)
    rows = grid(table, texts)
    if max((len(row) for row in rows), default=0) < _COLUMNS or any(
        text.count(" ") >= _CELL_WORDS for text in texts.values()
    ):
        return [_plain(run, frame) for run in group]
    captions = [[run.text] for run in group if cell_of(run, table) is None]
    return [Block(BlockKind.TABLE, "\n".join("\t".join(row) for row in (*captions, *rows)))]


def _updates(group: list[TextRun], frame: Frame) -> list[Block]:
    """Return the notes of a change log, each with its time when it has one."""
    blocks: list[Block] = []
    at = None
    for run in group:
        if "toggle" in run.near or label_key(run.text) in _CHANGE_LOG:
            continue
        text = run.text
        times = list(run.element.iter("time"))
        if not times and run.element.getparent() is not None and run.element.tag == "p":
            times = []
        for time in times[:1]:
            shown = clean(text_of(time))
            moment = dates.parse(time.get("datetime") or shown, frame.local)
            at = rfc3339(moment.at) if moment else None
            text = clean(text.replace(shown, "", 1)).lstrip(":–— -") if shown in text else text
        if not text:
            continue
        if at is None and (moment := dates.parse(text, frame.local)) and len(text) < 40:
            at = rfc3339(moment.at)
            continue
        blocks.append(Block(BlockKind.UPDATE, text, at=at))
    return blocks


def is_byline(text: str) -> bool:
    """Return whether a short line only names the author.

    >>> is_byline("Av Kari Nordmann"), is_byline("Av alle ting er dette verst, sa han.")
    (True, False)
    """
    rest = BYLINE.sub("", text, count=1)
    if rest == text or rest.count(" ") > 7 or rest.endswith((".", "!", "?")):
        return False
    names = [word for word in rest.split() if word[:1].isalpha() and len(word) > 3]
    return bool(names) and all(word[0].isupper() for word in names) and key(rest) != ""
