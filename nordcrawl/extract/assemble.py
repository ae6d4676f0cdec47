"""Make typed blocks, pictures and links of the runs that were chosen.

Takes the choice as given: knows what a caption, pull quote, fact box, list, table or change log
looks like, not whether it belongs to the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from nordcrawl.article import Block, BlockKind, Image, rfc3339
from nordcrawl.extract import dates
from nordcrawl.extract.marks import words_of
from nordcrawl.extract.phrases import BYLINE, CREDIT_IN_CAPTION, CREDIT_LABEL
from nordcrawl.extract.runs import Picture, Run
from nordcrawl.extract.text import clean, key, label_key
from nordcrawl.extract.tree import text_of
from nordcrawl.url import without_user

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BULLET = re.compile(r"^[•·▪►▸‣◦●○*]\s+")
_PULL = frozenset(("quote", "pullquote", "quotebox", "sitat", "zitat", "citat", "quotation"))
_SPEAKER = frozenset(("byline", "cite", "credit", "caption"))
_CHANGE_LOG = frozenset(("endringslogg", "changelog", "change log", "ændringslog", "ändringslogg"))
#: Cells above this make a table one that only lays out the page.
_CELL_WORDS = 60


@dataclass(frozen=True, slots=True)
class Body:
    """What stands in the article, in reading order."""

    blocks: tuple[Block, ...]
    images: tuple[Image, ...]
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What is needed of the page around the runs."""

    base_url: str
    local: tzinfo
    summaries: frozenset[int] = frozenset()
    """id() of the runs that are the standfirst."""


def assemble(runs: Sequence[Run], pictures: Sequence[Picture], frame: Frame) -> Body:
    """Return the blocks of the runs, and the pictures with the captions that are theirs."""
    blocks: list[Block] = []
    shown: list[tuple[int, Image]] = []
    free = list(pictures)
    for kind, group in _groups(runs, frame):
        read = _read(kind, group, frame)
        if kind == "caption":
            shown.extend(_pictured(read, group, free, frame))
            read = [caption for caption in read if caption.text]
        blocks.extend(read)
    shown.extend((picture.runs, image) for picture in free if (image := _image(picture, frame)))
    shown.sort(key=lambda pair: pair[0])
    links = (absolute for run in runs for link in run.links if (absolute := address(link, frame)))
    return Body(tuple(blocks), _once(image for _, image in shown), tuple(dict.fromkeys(links)))


def kinds(runs: Sequence[Run], frame: Frame) -> list[BlockKind | None]:
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


def _kind_of(run: Run, blocks: Sequence[Block]) -> BlockKind | None:
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


def _groups(runs: Sequence[Run], frame: Frame) -> Iterator[tuple[str, list[Run]]]:
    """Yield the name of a reader and the runs that it reads together."""
    plan = _parts(runs, frame)
    for (kind, _), pairs in groupby(
        zip(plan, runs, strict=True), key=lambda pair: (pair[0][0], id(pair[0][1]))
    ):
        yield kind, [run for _, run in pairs]


def _read(kind: str, group: list[Run], frame: Frame) -> list[Block]:
    match kind:
        case "caption":
            return _captions(group)
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


def address(link: str | None, frame: Frame) -> str | None:
    """Return a link as an absolute http(s) address without fragment, or None."""
    try:
        absolute = without_user(urljoin(frame.base_url, clean(link).replace(" ", "%20")))
        parts = urlsplit(absolute)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
    except ValueError:
        return None
    absolute = absolute.partition("#")[0]
    return None if absolute == frame.base_url.partition("#")[0] else absolute


def _parts(runs: Sequence[Run], frame: Frame) -> list[tuple[str, HtmlElement | None]]:
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


def _part(run: Run, frame: Frame) -> tuple[str, HtmlElement | None]:
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
            return kind, _outermost(run, kind)
    return "plain", None


def _outermost(run: Run, mark: str) -> HtmlElement | None:
    return next((element for kind, element in run.groups if kind == mark), None)


def _level(run: Run) -> int | None:
    """Return 2-6 for a heading, None for any other run."""
    if "heading" not in run.near and "heading" not in run.marks:
        return None
    element: HtmlElement | None = run.element
    while element is not None:
        if level := _HEADINGS.get(str(element.tag)):
            return max(2, level)
        element = element.getparent()
    return None


def _plain(run: Run, frame: Frame) -> Block:
    if id(run) in frame.summaries:
        return Block(BlockKind.SUMMARY, run.text)
    if level := _level(run):
        return Block(BlockKind.HEADING, run.text, level=level)
    if _BULLET.match(run.text):
        return Block(BlockKind.LIST, _BULLET.sub("", run.text))
    return Block(BlockKind.P, run.text)


# --- captions and pictures -------------------------------------------------------------------


def is_credit(run: Run) -> bool:
    """Tell whether a run in a figure names who made the picture, by class or by its label."""
    if run.element.get("itemprop") == "caption":
        return False
    return (
        "credit" in run.near
        or "byline" in run.near
        or ("credit" in run.marks and "caption" not in run.near)
        or (run.words <= 12 and CREDIT_LABEL.match(run.text) is not None)
    )


def credit_of(text: str) -> str | None:
    """Return a credit without its label and brackets.

    >>> credit_of("(Foto: Kari Nordmann / Avisa).")
    'Kari Nordmann / Avisa'
    """
    bare = CREDIT_LABEL.sub("", text).strip(" ()[].,;|").strip()
    if bare.count("(") > bare.count(")"):
        bare += ")"
    return bare or None


def _captions(group: list[Run]) -> list[Block]:
    """Return one caption a caption element; its credit is its own or the one that follows."""
    captions: list[Block] = []
    for _, run_group in groupby(group, key=lambda run: (is_credit(run), id(run.within("caption")))):
        part = list(run_group)
        text = " ".join(run.text for run in part)
        if is_credit(part[0]):
            credit = credit_of(text)
            if captions and captions[-1].credit is None:
                captions[-1] = Block(BlockKind.CAPTION, captions[-1].text, credit=credit)
            else:
                captions.append(Block(BlockKind.CAPTION, "", credit=credit))
        else:
            found = CREDIT_IN_CAPTION.search(text)
            credit = credit_of(found[1]) if found else _inline_credit(part[-1])
            if captions and not captions[-1].text and credit is None:
                credit = captions.pop().credit  # the credit stood first
            captions.append(Block(BlockKind.CAPTION, text, credit=credit))
    return captions


def _inline_credit(run: Run) -> str | None:
    """Return the credit that stands in an element of its own inside the caption's line."""
    for element in run.element.iter("span", "em", "i", "small", "cite"):
        names = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
        if words_of(names) & {"credit", "photographer", "fotograf", "byline", "author"}:
            return credit_of(clean(text_of(element)))
    return None


def _pictured(
    captions: list[Block], group: list[Run], free: list[Picture], frame: Frame
) -> list[tuple[int, Image]]:
    """Give each caption its picture: of the same figure, else the nearest one not yet taken."""
    figure = group[0].within("figure")
    near = [p for p in free if figure is not None and any(e is figure for _, e in p.groups)]
    if not near:
        # Labrador's header has the figure in one div and its caption in the next.
        before = [p for p in free if _is_before(p, group[0])]
        near = before[-1:] if len(captions) == 1 else before[-len(captions) :]
    images: list[tuple[int, Image]] = []
    for index, caption in enumerate(captions):
        picture = near[index] if index < len(near) else None
        image = _image(picture, frame) if picture else None
        images.append(
            (
                picture.runs if picture else group[0].images,
                Image(
                    image.url if image else None,
                    caption.text or None,
                    caption.credit,
                    image.alt if image else None,
                ),
            )
        )
    for picture in near:
        free.remove(picture)
    return images


def _is_before(picture: Picture, run: Run) -> bool:
    """Tell whether the picture stands right before the caption, or in one small box with it."""
    around = set(picture.element.iterancestors())
    holder = run.element
    for _ in range(4):
        beside = holder.getprevious()
        if beside is not None and (beside in around or beside is picture.element):
            return True
        parent = holder.getparent()
        if parent is None:
            return False
        holder = parent
        if holder in around:
            return len(text_of(holder)) < 2 * len(run.text) + 400
    return False


def _image(picture: Picture, frame: Frame) -> Image | None:
    """Return the picture, or None for a pixel, an icon or one without an address."""
    element = picture.element
    for side in ("width", "height"):
        size = element.get(side) or ""
        if size.isdigit() and len(size) < 6 and int(size) < 80:
            return None
    url = picture_address(element, frame)
    if url is None or re.search(r"\.svg(?:\?|$)|/pixel|1x1|spacer|gravatar", url):
        return None
    return Image(url, alt=clean(element.get("alt")) or None)


def picture_address(element: HtmlElement, frame: Frame) -> str | None:
    """Return the address of an img element, whichever way its loading is put off."""
    for name in ("data-src", "data-original", "data-lazy-src", "src"):
        value = element.get(name) or ""
        if value and not value.startswith("data:") and (url := address(value[:4000], frame)):
            return url
    for name in ("data-srcset", "srcset"):
        if value := element.get(name) or "":
            return address(value[:4000].split(",")[-1].split()[0], frame) if value.strip() else None
    return None


def _once(images: Iterable[Image]) -> tuple[Image, ...]:
    """Return each picture once; the same picture under two captions is shown twice."""
    kept: dict[object, Image] = {}
    for image in images:
        bare = kept.get(image.url)
        if image.caption and bare is not None and bare.caption:
            kept.setdefault((image.url, image.caption), image)
        elif bare is None or image.caption:
            kept[image.url or image] = image
    return tuple(kept.values())


# --- the other groups ------------------------------------------------------------------------


def _quotes(group: list[Run], frame: Frame) -> list[Block]:
    """Return a pull quote as one block with its speaker, a quoted passage as it is divided."""
    said = [run for run in group if not _SPEAKER & run.near]
    named = [run for run in group if _SPEAKER & run.near]
    pull = _is_pull(group)
    if pull and not named and len(said) > 1 and said[-1].words <= 12:
        named = [said.pop()]
    if not said:
        return [_plain(run, frame) for run in group]
    speaker = " ".join(run.text for run in named).lstrip("–—- ") or None
    if pull:
        return [Block(BlockKind.QUOTE, " ".join(run.text for run in said), speaker=speaker)]
    blocks = [Block(BlockKind.QUOTE, run.text) for run in said[:-1]]
    return [*blocks, Block(BlockKind.QUOTE, said[-1].text, speaker=speaker)]


def _is_pull(group: list[Run]) -> bool:
    holders = [element for kind, element in group[0].groups if kind == "quote"]
    return any(
        words_of(f"{e.get('class') or ''}") & _PULL or e.tag in ("aside", "figure") for e in holders
    ) or any("heading" in run.marks for run in group)


def _factbox(group: list[Run], frame: Frame) -> list[Block]:
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


def _lists(group: list[Run], frame: Frame) -> list[Block]:
    """Return a list as one block; one that holds headings is only a layout."""
    if any("heading" in run.marks for run in group):
        return [_plain(run, frame) for run in group]
    return [Block(BlockKind.LIST, "\n".join(_BULLET.sub("", run.text) for run in group))]


def _table(group: list[Run], frame: Frame) -> list[Block]:
    rows: list[list[str]] = []
    last_row = last_cell = None
    for run in group:
        row = _up(run.element, ("tr",))
        cell = _up(run.element, ("td", "th", "caption"))
        if row is None or row is not last_row:
            rows.append([run.text])
        elif cell is last_cell:
            rows[-1][-1] += f" {run.text}"
        else:
            rows[-1].append(run.text)
        last_row, last_cell = row, cell
    cells = [cell for row in rows for cell in row]
    if max(len(row) for row in rows) == 1 or any(c.count(" ") >= _CELL_WORDS for c in cells):
        return [_plain(run, frame) for run in group]
    return [Block(BlockKind.TABLE, "\n".join("\t".join(row) for row in rows))]


def _up(element: HtmlElement, tags: tuple[str, ...]) -> HtmlElement | None:
    found: HtmlElement | None = element
    while found is not None and found.tag not in tags:
        found = None if found.tag == "table" else found.getparent()
    return found


def _updates(group: list[Run], frame: Frame) -> list[Block]:
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
    """Tell whether a short line only names the author.

    >>> is_byline("Av Kari Nordmann"), is_byline("Av alle ting er dette verst, sa han.")
    (True, False)
    """
    rest = BYLINE.sub("", text, count=1)
    if rest == text or rest.count(" ") > 7 or rest.endswith((".", "!", "?")):
        return False
    names = [word for word in rest.split() if word[:1].isalpha() and len(word) > 3]
    return bool(names) and all(word[0].isupper() for word in names) and key(rest) != ""
