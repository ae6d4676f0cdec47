"""Times of publication and change, by all that a page tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import TypeAlias, cast

from htmldate import find_date
from lxml import etree
from lxml.html import HtmlElement

from nordcrawl.extract.fields import datelines, marked_times
from nordcrawl.extract.fields.context import Context
from nordcrawl.extract.page import dates
from nordcrawl.extract.page.dates import Moment
from nordcrawl.extract.page.microdata import Microdata
from nordcrawl.extract.page.near_headline import headline
from nordcrawl.extract.page.schema_values import times
from nordcrawl.extract.page.text import clean_line
from nordcrawl.extract.page.tree import text_of

Found: TypeAlias = tuple[Moment, str]
"""A moment and where it was found."""

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "article:published:time",
    "datepublished", "date", "pubdate", "publishdate", "publish-date", "publish_date",
    "article:published", "parsely-pub-date",
    "sailthru.date", "dc.date.issued", "dcterms.issued", "dc.date",
    "cxenseparse:recs:publishtime",
    "originalpublicationdate", "article_date_original", "og:published_time", "published_time",
    "displaydate", "iso-8601-publish-date", "date.available",
)  # fmt: skip
#: When a draft was begun or a film uploaded: only where nothing says when it was published.
_CREATED = ("dcterms.created", "created", "dc.date.created", "datecreated", "uploaddate")
_MODIFIED = (
    "article:modified_time", "og:article:modified_time", "article:modified:time",
    "og:updated_time", "datemodified", "lastmod", "last-modified", "revised",
    "dc.date.modified", "dcterms.modified",
)  # fmt: skip
#: Other names of the same: "publication_date", "sw-pubdate", "x:article_published_time".
_PUBLISHED_NAME = re.compile(r"(?:^|[^a-z])(?:pub|publish(?:ed)?|publication)[-_. ]?(?:date|time)$")
#: An earlier one is a day that the text tells of.
_FIRST_DAY = "1990-01-01"
#: Of a page with more elements the wide search is not asked for.
_WIDE_ELEMENTS = 1500
#: Texts and attributes that a day may stand in; those of scripts are others' as often as not.
_WITH_YEAR = etree.XPath(
    "//text()[contains(., $year)][not(parent::style or parent::script)]"
    " | //@datetime[contains(., $year)] | //@title[contains(., $year)]"
    " | //head//meta/@content[contains(., $year)] | //*[@property]/@content[contains(., $year)]"
)
_LONG_CHARS = 5000
#: A date this long after the fetch was never when something was published.
_FUTURE_DAYS = 2
#: Elements that print a date, by their class; longer lines hold more than one.
_DATE_CLASS = etree.XPath(
    "descendant::*[@class][contains(@class, 'date') or contains(@class, 'time')"
    " or contains(@class, 'publi') or contains(@class, 'dato') or contains(@class, 'posted')]"
)
_DATE_CHARS = 80
_TIMES = 40
#: Clocks of two zones differ by quarters of an hour, within a day and two hours.
#: Source: IANA time zone database.
_QUARTER_S, _FURTHEST_S = 900, 14 * 3600


def _is_unset(moment: Moment) -> bool:
    """Return whether a moment is what systems tell where they know none: the beginning of a count.

    Source: POSIX.1-2024, 4.19 "Seconds Since the Epoch"; some tell it on the clock of their zone.
    """
    return abs(moment.at.timestamp()) <= _FURTHEST_S


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads strings as dates of this page."""

    local: tzinfo
    month_first: bool | None
    fetched_at: datetime

    def moments(self, values: Iterable[str], origin: str) -> Iterator[Found]:
        """Yield the moments of those strings that are dates and not of the future."""
        for value in values:
            moment = dates.parse(value, self.local, self.month_first)
            if moment and not self.is_future(moment) and not _is_unset(moment):
                yield moment, origin

    def is_future(self, moment: Moment) -> bool:
        """Return whether a moment is long after the page was fetched."""
        ahead = moment.at - self.fetched_at.astimezone(UTC)
        return ahead > timedelta(days=_FUTURE_DAYS)


def published_and_modified(
    context: Context,
) -> tuple[tuple[Moment | None, str], tuple[Moment | None, str]]:
    """Return ((published, origin), (modified, origin)); None and "" for what is not told."""
    reader = _Reader(context.local, context.month_first, context.page.fetched_at)
    head = context.head
    titles = (head.title, *head.all("og:title")[:1], *(h.text for h in head.headings[:3]))
    items = Microdata.of(context.root, titles, context.page.url)
    published = next(_published(context, reader, items), None)
    modified = next(_modified(context, reader, items), None)
    if published and published[0].precision == "day":
        published = _refined(published[0], context, reader) or published
    shown = list(_of_times(context, reader))
    published = published and _zoned(published, _said_published(context, reader), shown)
    modified = modified and _zoned(modified, _said_modified(context, reader), shown)
    if modified and published and modified[0].at < published[0].at:
        modified = None
    return published or (None, ""), modified or (None, "")


def _refined(day: Moment, context: Context, reader: _Reader) -> Found | None:
    """Return a time printed on the page that is of the same day and tells more than the day."""
    times_ = (e.get("datetime") or text_of(e) for e in context.root.iter("time"))
    for values, origin in ((times_, "time"), (_printed(context.root), "printed")):
        for moment, found_in in reader.moments(values, origin):
            if moment.precision != "day" and moment.at.date() == day.at.date():
                return moment, found_in
    return None


def _printed(root: HtmlElement) -> Iterator[str]:
    """Yield the short lines of elements whose class says that they hold a date."""
    for element in cast("list[HtmlElement]", _DATE_CLASS(root))[:40]:
        text = clean_line(text_of(element))
        if len(text) <= _DATE_CHARS:
            yield text


def _of_times(context: Context, reader: _Reader) -> Iterator[Found]:
    """Yield the moments that time elements tell to machines."""
    elements = islice(context.root.iter("time"), _TIMES)
    yield from reader.moments((e.get("datetime") or "" for e in elements), "time")


def _zoned(found: Found, others: Iterable[Found], shown: Iterable[Found]) -> Found:
    """Return a time whose zone is not told as another one that tells it and is of the same clock,
    or of the same minute and second on the clock of another zone. Of those that are `shown`, which
    are other articles' too, only the same clock counts."""
    moment = found[0]
    if moment.zone == "stated" or moment.precision == "day":
        return found
    clock = moment.at.replace(tzinfo=None, second=0)
    stated = [m for m, _ in others if m.zone == "stated" and m.precision != "day"]
    for other in (*stated, *(m for m, _ in shown if m.zone == "stated" and m.precision != "day")):
        if other.at.replace(tzinfo=None, second=0) == clock:
            at = moment.at.replace(tzinfo=other.at.tzinfo)
            return Moment(at, moment.precision, "stated"), found[1]
    for other in stated:
        apart = (other.at.astimezone(UTC).replace(tzinfo=None, second=0) - clock).total_seconds()
        if apart % _QUARTER_S == 0 and abs(apart) <= _FURTHEST_S:
            return other, found[1]
    return found


def _said_published(context: Context, reader: _Reader) -> Iterator[Found]:
    """Yield what the page says to machines of when it was published."""
    head = context.head
    yield from reader.moments(times(head.jsonld.node.get("datePublished")), "json-ld")
    for name in _PUBLISHED:
        yield from reader.moments(head.metas.get(name, ()), "meta")
    yield from reader.moments(head.jsonld.published, "json-ld")


def _said_modified(context: Context, reader: _Reader) -> Iterator[Found]:
    head = context.head
    yield from reader.moments(times(head.jsonld.node.get("dateModified")), "json-ld")
    for name in _MODIFIED:
        yield from reader.moments(head.metas.get(name, ()), "meta")


def _published(context: Context, reader: _Reader, items: Microdata) -> Iterator[Found]:
    head, root = context.head, context.root
    if context.given.published:
        yield context.given.published, context.given.origin_of("published")
    yield from _said_published(context, reader)
    others = (v for name, v in head.metas.items() if _PUBLISHED_NAME.search(name))
    yield from reader.moments((value for values in others for value in values), "meta")
    yield from _marked(context, reader, "published", items)
    marked = [
        element
        for element in root.iter("time")
        if element.get("pubdate") is not None or "published" in (element.get("class") or "")
    ]
    yield from reader.moments((e.get("datetime") or text_of(e) for e in marked), "time")
    yield from reader.moments(_in_address(context.page.url), "address")
    for moment in datelines.published(root, _titles(context), reader.local, reader.month_first):
        if not reader.is_future(moment):
            yield moment, "printed"
    for name in ("dateCreated", "uploadDate"):
        yield from reader.moments(times(head.jsonld.node.get(name)), "json-ld")
    for name in _CREATED:
        yield from reader.moments(head.metas.get(name, ()), "meta")
    yield from reader.moments(_guessed(context, reader), "htmldate")


def _modified(context: Context, reader: _Reader, items: Microdata) -> Iterator[Found]:
    root = context.root
    if context.given.modified:
        yield context.given.modified, context.given.origin_of("modified")
    yield from _said_modified(context, reader)
    yield from _marked(context, reader, "modified", items)
    for moment, origin in datelines.changed(
        root, _titles(context), reader.local, reader.month_first
    ):
        if not reader.is_future(moment):
            yield moment, origin


def _marked(context: Context, reader: _Reader, kind: str, items: Microdata) -> Iterator[Found]:
    """Yield the moments of a kind that elements are marked to tell."""
    root, names = context.root, context.head.names
    yield from reader.moments(marked_times.of_items(root, kind, items, names), "microdata")
    yield from reader.moments(marked_times.of_properties(root, kind, items), "rdfa")
    yield from reader.moments(marked_times.of_entries(root, kind, names), "microformat")


def _titles(context: Context) -> tuple[str, ...]:
    return (context.head.title, *context.head.all("og:title")[:1])


def _in_address(url: str) -> Iterator[str]:
    if found := re.search(r"/((?:19|20)\d\d)[/-](\d\d?)[/-](\d\d?)(?:[/-]|$)", url):
        yield f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}"


def _guessed(context: Context, reader: _Reader) -> Iterator[str]:
    """Yield the day that htmldate finds, the last resort.

    It makes the first of a month or year that stands alone, and takes the day that a page names
    most, which tells nothing: a day counts only if the page prints it somewhere in full. Its wide
    search reads all of the markup, many times over; of large pages it took a third of all time and
    decided next to none.
    """
    root = context.root
    is_small = next(islice(root.iter(), _WIDE_ELEMENTS, None), None) is None
    try:
        found = find_date(
            root,
            url=context.page.url,
            original_date=True,
            extensive_search=is_small,
            max_date=context.page.fetched_at.date().isoformat(),
        )
    except Exception:  # noqa: BLE001 - foreign code on hostile pages: any failure means no date
        return
    if found and found >= _FIRST_DAY and _is_printed(found, context, reader):
        yield found


def _is_printed(day: str, context: Context, reader: _Reader) -> bool:
    """Return whether a day, as in ISO 8601, stands on a page in full, and not in another's box."""
    heading = headline(list(context.root.iter("h1")), _titles(context))
    for text in cast("list[datelines.Text]", _WITH_YEAR(context.root, year=day[:4])):
        for _, moment in dates.every(text[:_LONG_CHARS], reader.local, reader.month_first):
            if moment.at.date().isoformat() == day:
                holder = text.getparent()
                if holder is not None and not datelines.is_elsewhere(holder, heading):
                    return True
    return False
