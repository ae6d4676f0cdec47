"""Weigh what a page says of its article, field by field, and keep where each value came from.

The order of the sources is by measured precision: JSON-LD before meta tags before microdata
before what is printed. Does not read the body beyond what it is handed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from urllib.parse import unquote, urljoin, urlsplit

from htmldate import find_date
from lxml.html import HtmlElement

from nordcrawl.article import Evidence, Translation
from nordcrawl.extract import authors, datelines, dates, language, titles
from nordcrawl.extract import tags as keywords
from nordcrawl.extract.dates import Moment
from nordcrawl.extract.head import Head
from nordcrawl.extract.jsonld import strings
from nordcrawl.extract.text import clean, clean_line, key
from nordcrawl.extract.tree import text_of
from nordcrawl.page import Page, Profile
from nordcrawl.url import without_user

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
#: "Sport, culture and leisure" is one section.
_AND = re.compile(r"\s(?:og|and|och|und|et|y|ja|&)\s", re.IGNORECASE)
#: A date this long after the fetch was never when something was published.
_FUTURE_DAYS = 2
#: Elements that print a date, by their class; longer lines hold more than one.
_DATE_CLASS = " | ".join(
    f'.//*[contains(@class, "{word}")]' for word in ("date", "time", "publi", "dato", "posted")
)
_DATE_CHARS = 80


@dataclass(frozen=True, slots=True)
class Given:
    """What a family's or source's own selectors found; each goes before all other evidence."""

    origin: str = ""
    selected: frozenset[str] = frozenset()
    """Names of the fields that the source's own selectors found."""
    title: str | None = None
    subtitle: str | None = None
    kicker: str | None = None
    authors: tuple[str, ...] = ()
    published: Moment | None = None
    modified: Moment | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    cms_id: str | None = None
    translations: tuple[Translation, ...] = ()
    paywalled: bool | None = None

    def origin_of(self, name: str) -> str:
        """Return where a field of this came from."""
        return "selector" if name in self.selected else self.origin


@dataclass(slots=True)
class Notes:
    """Where each field came from, gathered on the way."""

    evidence: dict[str, Evidence] = field(default_factory=dict)

    def note(self, name: str, origin: str, moment: Moment | None = None) -> None:
        """Remember the origin of a field that has a value."""
        self.evidence[name] = Evidence(
            origin, moment.precision if moment else None, moment.zone if moment else None
        )


@dataclass(frozen=True, slots=True)
class Context:
    """All that metadata is read from."""

    page: Page
    profile: Profile
    root: HtmlElement
    head: Head
    given: Given

    @property
    def local(self) -> tzinfo:
        """Return the zone of dates that name none."""
        return dates.zone_of(self.profile.timezone)


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


def author_names(context: Context) -> tuple[tuple[str, ...], str]:
    """Return (names, origin)."""
    if context.given.authors:
        return context.given.authors, context.given.origin_of("authors")
    return authors.find(context.head, context.root, _site(context))


def _site(context: Context) -> tuple[str, ...]:
    return titles.site_names(context.head, context.profile.site_title, context.page.url)


def tags(context: Context) -> tuple[tuple[str, ...], str]:
    """Return (tags, origin), each once, as printed."""
    if context.given.tags:
        return context.given.tags, context.given.origin_of("tags")
    return keywords.find(context.head, context.root, context.page.url, _site(context))


def sections(context: Context) -> tuple[tuple[str, ...], str]:
    """Return (sections, origin), the article's own first."""
    if context.given.section:
        return (context.given.section,), context.given.origin_of("section")
    head = context.head
    told = tuple(strings(head.jsonld.node.get("articleSection"), "name"))
    metas = head.all("article:section", "og:article:section", "section", "parsely-section")
    for values, origin in ((told, "json-ld"), (metas, "meta"), (head.jsonld.trail, "breadcrumb")):
        if found := _sections(values):
            return found, origin
    return (), ""


def _sections(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return sections, those parted that one value has joined without a word between.

    >>> _sections(("Fiske,Havn, Kyst",)), _sections(("Sport, kultur og fritid",))
    (('Fiske', 'Havn', 'Kyst'), ('Sport, kultur og fritid',))
    """
    found: list[str] = []
    for value in values:
        parts = [part for part in map(clean_line, value.split(",")) if part]
        joined = len(parts) > 1 and not _AND.search(value)
        found.extend(parts if joined else [clean_line(value)])
    return tuple(dict.fromkeys(part for part in found if part))


def section_of_address(url: str) -> str | None:
    """Return the first part of the path when it reads like a section.

    >>> section_of_address("https://avisa.test/politikk/ny-havn/123456")
    'politikk'
    """
    parts = [unquote(part) for part in urlsplit(url).path.split("/") if part]
    if len(parts) >= 2 and re.fullmatch(r"[^\W\d_][\w-]{2,30}", parts[0]) and len(parts[0]) > 2:
        return clean_line(parts[0])
    return None


def descriptions(head: Head) -> list[str]:
    """Return what claims to sum up the article, Open Graph first."""
    found = [
        *head.all("og:description"), *head.all("description"), *head.all("twitter:description"),
        *strings(head.jsonld.node.get("description")), *head.all("dc.description"),
    ]  # fmt: skip
    return list(dict.fromkeys(clean(re.sub(r"<[^<>]{1,200}>", " ", value)) for value in found))


def canonical_url(context: Context) -> tuple[str | None, str]:
    """Return (absolute address, origin): link rel=canonical, og:url, JSON-LD."""
    head = context.head
    found = [(link.href, "link") for link in head.links if "canonical" in link.rel.split()]
    found.extend((value, "og") for value in head.all("og:url"))
    found.extend((v, "json-ld") for v in strings(head.jsonld.node.get("mainEntityOfPage"), "@id"))
    for value, origin in found:
        if absolute := _absolute(value, context.page.url):
            return absolute, origin
    return None, ""


def _absolute(value: str, base: str) -> str | None:
    try:
        absolute = without_user(urljoin(base, value)).partition("#")[0]
        parts = urlsplit(absolute)
        if parts.scheme in ("http", "https") and parts.hostname and not re.search(r"\s", absolute):
            return absolute
    except ValueError:
        pass
    return None


def lead_image(context: Context) -> tuple[str | None, str]:
    """Return (address, origin) of the picture that stands for the article."""
    head = context.head
    for values, origin in (
        (head.all("og:image", "og:image:url", "og:image:secure_url"), "og"),
        (tuple(strings(head.jsonld.node.get("image"), "url", "contentUrl", "@id")), "json-ld"),
        (head.all("twitter:image", "twitter:image:src"), "meta"),
    ):
        for value in values:
            if "null" not in value[:6] and (absolute := _absolute(value, context.page.url)):
                return absolute, origin
    return None, ""


def text_language(context: Context, text: str) -> tuple[str | None, str]:
    """Return (language, origin)."""
    head = context.head
    said = head.jsonld.node.get("inLanguage") or head.jsonld.node.get("availableLanguage")
    return language.decide(
        text,
        context.profile.language_of(urlsplit(context.page.url).netloc),
        (
            head.language,
            next(strings(said, "alternateName", "name"), None),
            head.meta("og:locale", "language", "dc.language", "content-language"),
        ),
    )


def translations(context: Context, own: str | None) -> tuple[Translation, ...]:
    """Return other language versions: of the text's own line, then of hreflang links."""
    found = {t.language: t for t in reversed(context.given.translations)}
    here = {key(context.page.url), key(canonical_url(context)[0] or "")}
    for link in context.head.links:
        tag = language.primary(link.hreflang)
        if "alternate" not in link.rel.split() or not tag or "-" in link.rel:
            continue
        absolute = _absolute(link.href, context.page.url)
        if absolute and tag != own and key(absolute) not in here:
            found.setdefault(tag, Translation(tag, absolute))
    return tuple(t for t in found.values() if t.language != own)
