"""Times of publication and change, by all that a page tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from htmldate import find_date
from lxml.html import HtmlElement

from nordcrawl.extract.fields import datelines
from nordcrawl.extract.fields.context import Context
from nordcrawl.extract.page import dates
from nordcrawl.extract.page.dates import Moment
from nordcrawl.extract.page.jsonld import strings
from nordcrawl.extract.page.text import clean_line
from nordcrawl.extract.page.tree import text_of

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "article:published:time",
    "datepublished", "date", "pubdate", "publishdate", "publish-date", "publish_date",
    "article:published", "parsely-pub-date",
    "sailthru.date", "dc.date.issued", "dc.date", "dcterms.created", "cxenseparse:recs:publishtime",
    "originalpublicationdate", "article_date_original", "og:published_time", "published_time",
    "displaydate", "created", "dc.date.created", "iso-8601-publish-date", "date.available",
)  # fmt: skip


_MODIFIED = (
    "article:modified_time", "og:article:modified_time", "article:modified:time",
    "og:updated_time", "datemodified", "lastmod", "last-modified", "revised",
    "dc.date.modified", "dcterms.modified",
)  # fmt: skip


#: Other names of the same: "publication_date", "sw-pubdate", "x:article_published_time".
_PUBLISHED_NAME = re.compile(r"(?:^|[^a-z])(?:pub|publish(?:ed)?|publication)[-_. ]?(?:date|time)$")


#: A date this long after the fetch was never when something was published.
_FUTURE_DAYS = 2


#: Elements that print a date, by their class; longer lines hold more than one.
_DATE_CLASS = " | ".join(
    f'.//*[contains(@class, "{word}")]' for word in ("date", "time", "publi", "dato", "posted")
)


_DATE_CHARS = 80


def published_and_modified(
    context: Context,
) -> tuple[tuple[Moment | None, str], tuple[Moment | None, str]]:
    """Return ((published, origin), (modified, origin))."""
    published = next(_published(context), (None, ""))
    modified = next(_modified(context), (None, ""))
    if published[0] and published[0].precision == "day":
        published = _refined(published[0], context) or published
    if modified[0] and published[0] and modified[0].at < published[0].at:
        modified = (None, "")
    return published, modified


def _refined(day: Moment, context: Context) -> tuple[Moment, str] | None:
    """Return a time printed on the page that is of the same day and tells more than the day."""
    times = (e.get("datetime") or text_of(e) for e in context.root.iter("time"))
    for values, origin in ((times, "time"), (_printed(context.root), "printed")):
        for moment, found_in in _read(values, origin, context):
            if moment.precision != "day" and moment.at.date() == day.at.date():
                return moment, found_in
    return None


def _printed(root: HtmlElement) -> Iterator[str]:
    """Yield the short lines of elements whose class says that they hold a date."""
    for element in root.xpath(_DATE_CLASS)[:40]:
        text = clean_line(text_of(element))
        if len(text) <= _DATE_CHARS:
            yield text


def _published(context: Context) -> Iterator[tuple[Moment, str]]:
    head, root = context.head, context.root
    if context.given.published:
        yield context.given.published, context.given.origin_of("published")
    for name in ("datePublished", "dateCreated", "uploadDate"):
        yield from _read(strings(head.jsonld.node.get(name)), "json-ld", context)
    for name in _PUBLISHED:
        yield from _read(head.metas.get(name, ()), "meta", context)
    yield from _read(head.jsonld.published, "json-ld", context)
    others = (v for name, v in head.metas.items() if _PUBLISHED_NAME.search(name))
    yield from _read((value for values in others for value in values), "meta", context)
    yield from _read(_itemprop(root, "datePublished"), "microdata", context)
    times = [
        element
        for element in root.iter("time")
        if element.get("pubdate") is not None or "published" in (element.get("class") or "")
    ]
    yield from _read((e.get("datetime") or text_of(e) for e in times), "time", context)
    yield from _read(_in_address(context.page.url), "address", context)
    titles_told = (head.title, *head.all("og:title")[:1])
    for moment in datelines.published(root, titles_told, context.local):
        if not _is_future(moment.at, context.page.fetched_at):
            yield moment, "printed"
    yield from _read(_guessed(context), "htmldate", context)


def _modified(context: Context) -> Iterator[tuple[Moment, str]]:
    head = context.head
    if context.given.modified:
        yield context.given.modified, context.given.origin_of("modified")
    yield from _read(strings(head.jsonld.node.get("dateModified")), "json-ld", context)
    for name in _MODIFIED:
        yield from _read(head.metas.get(name, ()), "meta", context)
    yield from _read(_itemprop(context.root, "dateModified"), "microdata", context)


def _read(values: Iterable[str], origin: str, context: Context) -> Iterator[tuple[Moment, str]]:
    """Yield the moments of those strings that are dates and not of the future."""
    for value in values:
        moment = dates.parse(value, context.local)
        if moment and not _is_future(moment.at, context.page.fetched_at):
            yield moment, origin


def _is_future(at: datetime, fetched_at: datetime) -> bool:
    return (at - fetched_at.astimezone(UTC)).total_seconds() > _FUTURE_DAYS * 86_400


def _itemprop(root: HtmlElement, name: str) -> Iterator[str]:
    """Yield a microdata date of this article: those of teasers stand in an article or a list."""
    for element in root.xpath(f'.//*[contains(@itemprop, "{name}")]')[:20]:
        teaser = next(
            (a for a in element.iterancestors("article", "aside", "li", "footer", "nav")), None
        )
        if teaser is not None and (
            teaser.tag != "article" or next(teaser.iter("h1"), None) is None
        ):
            continue
        told = (element.get("datetime"), element.get("content"), element.get("title"))
        yield next(filter(None, told), None) or text_of(element)


def _in_address(url: str) -> Iterator[str]:
    if found := re.search(r"/((?:19|20)\d\d)[/-](\d\d?)[/-](\d\d?)(?:[/-]|$)", url):
        yield f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}"


def _guessed(context: Context) -> Iterator[str]:
    """Yield the day that htmldate finds, the last resort.

    It makes the first of January of a year that stands alone, which tells no day: of 24 such
    days none was right where that could be told.
    """
    try:
        found = find_date(
            context.root,
            url=context.page.url,
            original_date=True,
            extensive_search=True,
            max_date=context.page.fetched_at.date().isoformat(),
        )
    except Exception:  # noqa: BLE001 - foreign code on hostile pages: any failure means no date
        return
    if found and not found.endswith("-01-01"):
        yield found
