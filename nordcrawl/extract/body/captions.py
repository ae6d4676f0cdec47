"""Captions and credits of pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby, islice

from lxml.html import HtmlElement

from nordcrawl.extract.body.frame import Frame, address
from nordcrawl.extract.lexicon.phrases import (
    CAPTION_LABEL,
    CREDIT_IN_BRACKETS,
    CREDIT_IN_CAPTION,
    CREDIT_LABEL,
    NO_CAPTION,
)
from nordcrawl.extract.lexicon.tables import words
from nordcrawl.extract.page import pictures
from nordcrawl.extract.page.marks import marks_of, words_of
from nordcrawl.extract.page.text import SENTENCE_ENDS, clean, key, unmarked
from nordcrawl.extract.page.text_runs import Picture, TextRun
from nordcrawl.extract.page.tree import is_shorter, text_of
from nordcrawl.model.article import Block, BlockKind, Image

#: Levels above a line among which the box of its caption is.
_LEVELS = 4
#: Words of the class of an element that names who made a picture.
_MAKER = frozenset(("credit", "photographer", "fotograf", "byline", "author"))


#: Agencies and those who lend pictures; "picture alliance" in small letters, too.
_SELLERS = frozenset((*words("agencies", "names"), *words("agencies", "pictures")))
_SIGNATURE_CHARS, _SIGNATURE_WORDS = 80, 9
#: Names of so few letters are those of parties too.
_INITIALS = 2
_TOLD_CHARS = 1000
#: Brackets that close a caption; and a sign of copyright, with whose it is.
_BRACKETS = re.compile(r"(?<=\S)\s+[(\[]([^()\[\]]{2,100})[)\]][\s.]*$")
_COPYRIGHT = re.compile(
    r"(?:^|(?<=\S)\s+)((?:(?:foto|photo|bild|image|kuva|mynd)[^\W\d_]{0,8}\s*:?\s*)?©\s*[^©.!?]{2,80})[\s.]*$",
    re.IGNORECASE,
)
_ONLY_PICTURE = re.compile(r"^[^©]*(?=©)")
#: A name behind a caption's last sentence, before whom it works for in brackets.
_BEFORE_BRACKETS = re.compile(r"(?<=[.!?»”\"])\s*((?:[^\W\d_a-zà-öø-ÿ][\w.'’-]*\s?){2,4})$")
_WORD = re.compile(r"[^\W\d_][\w.'’-]*")
#: Between the names of a signature; and the parts of names that are in small letters.
_CONNECTING = re.compile(
    r"(?<!\w)(?:via|by|av|af|von|für|pour|for|de|la|van|der|den|picture[ -]alliance|dpa|epd|"
    r"ullstein bild)(?!\w)"
)


def is_credit(run: TextRun) -> bool:
    """Return whether a run in a figure names who made the picture, by class or by its label."""
    if run.element.get("itemprop") == "caption":
        return False
    return (
        "credit" in run.near
        or ("byline" in run.near and not names_within(run))
        or ("credit" in run.marks and "caption" not in run.near and not _is_caption_in_it(run))
        or (run.words <= 12 and CREDIT_LABEL.match(run.text) is not None)
        or is_signature(run.text)
    )


def _is_caption_in_it(run: TextRun) -> bool:
    """Return whether a box named for credits has a caption's in it, and the run is in that."""
    for element in islice(run.element.iterancestors(), _LEVELS):
        marks = marks_of(str(element.tag), element.get("class") or "", None)
        if "caption" in marks or "credit" in marks:
            return "credit" not in marks
    return False


def names_within(run: TextRun) -> bool:
    """Return whether a byline is only a part of the line, in an element of its own."""
    parts = [e for e in run.element.iter("span", "em", "i", "small", "cite", "b") if _is_maker(e)]
    return bool(parts) and key(text_of(parts[-1])) != run.key


def _is_maker(element: HtmlElement) -> bool:
    names = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
    return bool(words_of(names) & _MAKER)


def is_signature(text: str) -> bool:
    """Return whether a line is nothing but the names of those who sell or made a picture.

    >>> is_signature("Keystone / AP / Kari Vik"), is_signature("Reuters fylte 170 år i fjor")
    (True, False)
    """
    if len(text) > _SIGNATURE_CHARS or text[-1:] in ".!?":
        return False
    words_ = _WORD.findall(_CONNECTING.sub(" ", text))
    named = any(
        re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
        for name in _SELLERS
        if len(name) > _INITIALS or "/" in text
    )
    return named and len(words_) <= _SIGNATURE_WORDS and all(
        word[0].isupper() or word in _SELLERS for word in words_
    )  # fmt: skip


def credit_of(text: str) -> str | None:
    """Return a credit without its label and brackets.

    >>> credit_of("(Foto: Kari Nordmann / Avisa).")
    'Kari Nordmann / Avisa'
    """
    bare = CREDIT_LABEL.sub("", text).strip(" ()[].,;|").strip()
    if bare.count("(") > bare.count(")"):
        bare += ")"
    return bare or None


def captions(group: list[TextRun]) -> list[Block]:
    """Return one caption a caption element; its credit is its own or the one that follows."""
    captions: list[Block] = []
    for _, run_group in groupby(group, key=lambda run: (is_credit(run), id(run.within("caption")))):
        part = list(run_group)
        text = " ".join(run.text for run in part)
        if is_credit(part[0]):
            credit = credit_of(text)
            if captions and captions[-1].credit == credit:
                continue  # in the caption's own element, and told with it
            if captions and captions[-1].credit is None:
                captions[-1] = Block(BlockKind.CAPTION, captions[-1].text, credit=credit)
            else:
                captions.append(Block(BlockKind.CAPTION, "", credit=credit))
        elif NO_CAPTION.match(text) is None:
            text, credit = parted(CAPTION_LABEL.sub("", text, count=1))
            if credit is None and (named := _inline_credit(part[-1])) is not None:
                credit, text = credit_of(named), text.removesuffix(named).rstrip(" ([|/–—-")
            if captions and not captions[-1].text and credit is None:
                credit = captions.pop().credit  # the credit stood first
            captions.append(Block(BlockKind.CAPTION, text, credit=credit))
    return captions


def parted(text: str) -> tuple[str, str | None]:
    """Return a caption without the credit that closes it, and that credit, None where it has none.

    >>> parted("Skipet ved kai. (Foto: Kari Li / Avisa).")
    ('Skipet ved kai.', 'Kari Li / Avisa')
    >>> parted("Skipet ved kai (Photo by Kari Li)")
    ('Skipet ved kai', 'Kari Li')
    >>> parted("Skipet ved kai")
    ('Skipet ved kai', None)
    """
    if found := CREDIT_IN_CAPTION.search(text):
        start, credit = found.start(), credit_of(found[1])
    elif found := _BRACKETS.search(text):
        start, credit = found.start(), _in_brackets(found[1])
        if credit and is_signature(found[1]) and (named := _BEFORE_BRACKETS.search(text[:start])):
            start, credit = named.start(), f"{named[1].strip()} ({credit})"
    elif found := _COPYRIGHT.search(text):
        start, credit = found.start(), credit_of(_ONLY_PICTURE.sub("", found[1]))
    else:
        return text, None
    return (text[:start].rstrip(" ([|/–—-"), credit) if credit else (text, None)


def _in_brackets(text: str) -> str | None:
    """Return the credit that words in brackets behind a caption are; None for others."""
    if begun := CREDIT_IN_BRACKETS.match(text):
        return text[begun.end() :] or None
    return credit_of(text) if is_signature(text) else None


def _inline_credit(run: TextRun) -> str | None:
    """Return the credit that closes the caption's line in an element of its own."""
    for element in run.element.iter("span", "em", "i", "small", "cite"):
        if _is_maker(element) or element.tag == "cite":
            named = clean(text_of(element))
            before = run.text.removesuffix(named).rstrip()
            if before != run.text and (_is_maker(element) or before[-1:] in SENTENCE_ENDS):
                return named
    return None


def pictured(
    captions: list[Block], group: list[TextRun], free: list[Picture], frame: Frame
) -> list[tuple[int, Image]]:
    """Give each caption its picture: of the same figure, else the nearest one not yet taken."""
    if not captions:
        return []
    figure = group[0].within("figure")
    near = [p for p in free if figure is not None and any(e is figure for _, e in p.groups)]
    if not near:
        # Labrador's header has the figure in one div and its caption in the next.
        before = [p for p in free if _is_before(p, group[0])]
        near = before[-1:] if len(captions) == 1 else before[-len(captions) :]
    images: list[tuple[int, Image]] = []
    for index, caption in enumerate(captions):
        picture = near[index] if index < len(near) else None
        image = image_of(picture, frame) if picture else None
        images.append(
            (
                picture.runs if picture else group[0].images,
                Image(
                    image.url if image else None,
                    caption.text or (image.caption if image else None),
                    caption.credit or (image.credit if image else None),
                    image.alt if image else None,
                ),
            )
        )
    for picture in near:
        free.remove(picture)
    return images


def _is_before(picture: Picture, run: TextRun) -> bool:
    """Return whether the picture stands right before the caption, or in one small box with it."""
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
            return is_shorter(holder, 2 * len(run.text) + 400)
    return False


def image_of(picture: Picture, frame: Frame) -> Image | None:
    """Return the picture, or None for a pixel, an icon or one without an address."""
    element = picture.element
    if is_small(element):
        return None
    url = picture_address(element, frame)
    if url is None or re.search(r"\.svg(?:\?|$)|/pixel|1x1|spacer|gravatar", url):
        return None
    caption, credit = _told_to_scripts(element)
    return Image(url, caption, credit, alt=clean(element.get("alt")) or None)


def _told_to_scripts(element: HtmlElement) -> tuple[str | None, str | None]:
    """Return the caption and credit that a picture, or the link around it, has for the script that
    shows it large; None for each that it has not."""
    for holder in (element, element.getparent()):
        value = None if holder is None else holder.get("data-caption")
        if value and len(value) < _TOLD_CHARS:
            text, credit = parted(unmarked(value))
            return text or None, credit
    return None, None


def is_small(element: HtmlElement) -> bool:
    """Return whether an img element says of itself that it is a pixel, an icon or a portrait."""
    sizes = (element.get(side) or "" for side in ("width", "height"))
    return any(size.isdigit() and len(size) < 6 and int(size) < 80 for size in sizes)


def picture_address(element: HtmlElement, frame: Frame) -> str | None:
    """Return the address of a picture, whichever way its loading is put off."""
    found = (address(told, frame) for told in pictures.addresses(element))
    return next((url for url in found if url), None)


def once(images: Iterable[Image]) -> tuple[Image, ...]:
    """Return each picture once; the same picture under two captions is shown twice."""
    kept: dict[object, Image] = {}
    for image in images:
        bare = kept.get(image.url)
        if image.caption and bare is not None and bare.caption:
            kept.setdefault((image.url, image.caption), image)
        elif bare is None or image.caption:
            kept[image.url or image] = image
    return tuple(kept.values())
