"""Find the address of a picture as a browser would come to load it, scripts and all.

Reads an image's own attributes, those in which scripts keep its address until it is in view, the
noscript element beside it and the sources of its picture element. Does not know whether a picture
belongs to an article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from nordcrawl.extract.page.text import clean

#: Elements that are pictures. Source: AMP, amp-img and amp-anim; custom elements that wrap img.
TAGS = frozenset(("img", "amp-img", "amp-anim"))
#: What else a figure may show; a script draws, and an empty box is drawn into.
_SHOWN = (
    *sorted(TAGS), "picture", "video", "audio", "iframe", "object", "embed", "canvas", "svg",
    "noscript", "script", "map", "model-viewer",
)  # fmt: skip
_CHARS = 20_000
_ADDRESS_CHARS = 4000
#: Where scripts that load pictures late keep the address, and the set of addresses.
_LATE = (
    "data-src", "data-original", "data-lazy-src", "data-lazy", "data-lazyload", "data-original-src",
    "data-orig-src", "data-actualsrc", "data-url", "data-image", "data-img-src", "data-hi-res-src",
    "data-full-src", "data-large-file",
)  # fmt: skip
_LATE_SETS = (
    "data-srcset", "data-lazy-srcset", "data-original-set", "data-original-srcset", "data-src-set",
)  # fmt: skip
#: Stands where the picture will be.
_PLACEHOLDER = re.compile(
    r"(?:^|[/_.-])(?:placeholder|blank|spacer|transparent|loading|loader|lazy|lazyload|empty|grey|"
    r"gray|dummy|pixel|1x1|fallback|default-image|trans)(?:[-_.]?\d*x?\d*)\.(?:gif|png|svg|jpe?g|webp)",
    re.IGNORECASE,
)
#: Elements without text that show nothing.
_EMPTY = frozenset(("br", "wbr", "hr", "td", "th", "p", "li", "col"))
_BOXES = frozenset(("figure", "p", "body", "article", "section", "li", "td"))
_SPACE = " \t\n\r\f"
_DESCRIPTOR = re.compile(r"(\d+(?:\.\d+)?)([wxh])")


def base_of(root: HtmlElement, url: str) -> str:
    """Return the address that relative ones of a page are relative to.

    Source: HTML Living Standard, 4.2.3 (the first base element that has an href counts).
    """
    for element in root.iter("base"):
        href = element.get("href")
        if href is not None:
            try:
                base = urljoin(url, clean(href[:_ADDRESS_CHARS]))
                if urlsplit(base).scheme in ("http", "https") and urlsplit(base).hostname:
                    return base
            except ValueError:
                pass
            return url
    return url


def shows_any(figure: HtmlElement) -> bool:
    """Return whether a figure shows anything but text: it holds a picture or a player, or an empty
    element that scripts or styles put one into."""
    if next(figure.iter(*_SHOWN), None) is not None:
        return True
    return any(
        isinstance(e.tag, str)
        and len(e) == 0
        and not (e.text or "").strip()
        and e.tag not in _EMPTY
        for e in figure.iterdescendants()
    )


def addresses(element: HtmlElement) -> Iterator[str]:
    """Yield the addresses of a picture as they stand, the one to take first."""
    get = element.get
    yield from _told(element, _LATE)
    yield from _sets(element, _LATE_SETS)
    own = (get("src") or "").strip()
    if _is_real(own):
        yield own[:_ADDRESS_CHARS]
    yield from _sets(element, ("srcset",))
    for image in _without_scripts(element):
        yield from addresses(image)
    # The parser knows no source element, and puts what follows it into it.
    if (around := next(element.iterancestors("picture"), None)) is not None:
        for source in around.iter("source"):
            yield from _sets(source, (*_LATE_SETS, "srcset"))


def _told(element: HtmlElement, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = (element.get(name) or "").strip()
        if _is_real(value) and not re.search(r"[\s{}<>]", value):
            yield value[:_ADDRESS_CHARS]


def _sets(element: HtmlElement, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if value := element.get(name):
            found = [(size, address) for address, size in candidates(value) if _is_real(address)]
            if found:
                yield max(found, key=lambda known: known[0])[1]


def _is_real(address: str) -> bool:
    """Return whether an address is that of a picture, and not of what stands in for it."""
    if not address or address.startswith(("data:", "blob:", "about:", "javascript:")):
        return False
    return _PLACEHOLDER.search(address.partition("?")[0]) is None


def candidates(srcset: str) -> Iterator[tuple[str, float]]:
    """Yield (address, size) of a srcset: its width, or its density as thousands of it; 1000 for one
    that tells neither.

    A comma ends an address only where space or the end follows it.
    Source: HTML Living Standard, 4.8.4.3.10 (parsing a srcset attribute).

    >>> list(candidates("/c_fill,w_4/a.jpg 400w, /c_fill,w_12/a.jpg 1200w"))
    [('/c_fill,w_4/a.jpg', 400.0), ('/c_fill,w_12/a.jpg', 1200.0)]
    """
    text = srcset[:_CHARS]
    at = 0
    while at < len(text):
        while at < len(text) and text[at] in _SPACE + ",":
            at += 1
        start = at
        while at < len(text) and text[at] not in _SPACE:
            at += 1
        address = text[start:at]
        if not address:
            return
        descriptor = ""
        if address.endswith(","):
            address = address.rstrip(",")
        else:
            start, depth = at, 0
            while at < len(text) and (text[at] != "," or depth):
                depth += (text[at] == "(") - (text[at] == ")")
                at += 1
            descriptor = text[start:at]
        yield address[:_ADDRESS_CHARS], _size(descriptor)


def _size(descriptor: str) -> float:
    sizes = {unit: float(number) for number, unit in _DESCRIPTOR.findall(descriptor)}
    return sizes.get("w", 1000 * sizes.get("x", 1.0))


def _without_scripts(element: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the images that stand in for a picture where there are no scripts: in a noscript
    element in it, or right behind it or its wrapper."""
    holders = list(element.iterchildren("noscript"))
    around: HtmlElement | None = element
    for _ in range(3):
        if around is None or around.tag in _BOXES:
            break
        behind = around.getnext()
        if behind is not None and behind.tag == "noscript":
            holders.append(behind)
            break
        if behind is not None:
            break
        around = around.getparent()
    for holder in holders:
        yield from holder.iter("img")


def standing_alone(noscript: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the images of a noscript element that stands in for none before it."""
    before = noscript.getprevious()
    parent = noscript.getparent()
    if before is not None and (before.tag in TAGS or next(before.iter(*TAGS), None) is not None):
        return
    if parent is not None and parent.tag in TAGS:
        return
    yield from noscript.iter("img")
