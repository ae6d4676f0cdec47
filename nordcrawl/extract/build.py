"""Put the parts of an article together: family, body, metadata, provenance.

The order of work, and nothing else: each step is in a module of its own.
"""

from __future__ import annotations

from importlib.metadata import version
from urllib.parse import urlsplit

import nordcrawl
from nordcrawl.article import Article, BlockKind, Evidence, Extractor, Image, Rejected
from nordcrawl.extract import (
    body,
    engine,
    head,
    kinds,
    labrador,
    metadata,
    overrides,
    rights,
    rules,
    titles,
)
from nordcrawl.extract.assemble import Body, Frame, assemble
from nordcrawl.extract.body import Choice
from nordcrawl.extract.decode import decode
from nordcrawl.extract.metadata import Context, Given, Notes
from nordcrawl.extract.rules import Clues
from nordcrawl.extract.runs import Cut, cut
from nordcrawl.extract.text import clean, key, label_key
from nordcrawl.extract.tree import MAX_CHARS, MAX_TAGS, parse, prune, select
from nordcrawl.page import Page, Profile

VERSION = f"trafilatura {version('trafilatura')}"
_FEED_ROOTS = (b"<rss", b"<feed", b"<urlset", b"<sitemapindex", b"<rdf")
#: A shorter name of an author is not looked for in the text.
_NAME_LETTERS = 7
#: A text under this many words beside this many teasers is a front or list page.
_LIST_WORDS = 60
_LIST_TEASERS = 12


def extract(page: Page, profile: Profile) -> Article | Rejected:
    """Return the article that a page holds, or the reason why it holds none."""
    if not page.body.strip(b"\x00 \t\r\n"):
        return Rejected("empty page")
    if len(page.body) > 4 * MAX_CHARS:
        return Rejected("too large")
    if not _is_markup(page):
        return Rejected("not html")
    text = decode(page)
    if len(text) > MAX_CHARS or text.count("<") > MAX_TAGS:
        return Rejected("too large")
    root = parse(text)
    if root is None:
        return Rejected("not html")
    prune(root, profile.prune)
    about = head.read(root, page.url)
    name = "generic"
    if profile.family == "labrador" and (reading := labrador.read(root, about, page, profile)):
        name, choice, given = "labrador", reading.choice, reading.given
    else:
        choice, given = None, Given()
    context = Context(page, profile, root, about, overrides.apply(root, profile, given))
    title, title_origin, candidates = titles.vote(about, profile.site_title, page.url)
    if context.given.title:
        title, title_origin = context.given.title, context.given.origin_of("title")
    authors = metadata.author_names(context)
    if choice is None:
        choice = _generic(context, candidates, authors[0])
    if choice is None:
        return Rejected("no text")
    frame = Frame(page.url, context.local, choice.summaries)
    found = assemble(choice.runs, choice.pictures, frame)
    read = sum(len(block.text) for block in found.blocks if block.kind is not BlockKind.CAPTION)
    if read == 0:
        return Rejected("no text")
    if not title:
        return Rejected("no title")
    if _is_list(context, found):
        return Rejected("front page")
    return _article(context, found, name, (title, title_origin), authors)


def _is_markup(page: Page) -> bool:
    """Tell whether a body can be HTML: some tag stands in it, and it is not of another kind."""
    start = page.body[:4096].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if start[:8].startswith((b"%PDF", b"\x89PNG", b"GIF8", b"PK\x03\x04", b"\xff\xd8", b"{", b"[")):
        return False
    lower = start.lower()
    if lower.startswith(b"<?xml") and any(root in lower[:600] for root in _FEED_ROOTS):
        return False
    return b"<" in page.body


def _generic(
    context: Context, candidates: tuple[str, ...], names: tuple[str, ...]
) -> Choice | None:
    page_cut = cut([context.root])
    labels = frozenset(map(label_key, context.profile.labels))
    clues = Clues(
        frozenset(key(text) for text in (*candidates, *names) if len(key(text)) > 3),
        frozenset(key(name) for name in names if len(key(name)) > _NAME_LETTERS),
        tuple(metadata.descriptions(context.head)),
        labels,
    )
    holders = select(context.root, context.profile.selectors("body"))
    if holders:
        return _selected(cut(holders), clues)
    return body.choose(page_cut, engine.lines(context.root, page_cut.runs), clues)


def _selected(found: Cut, clues: Clues) -> Choice | None:
    dropped: rules.Dropped = []
    runs = rules.drop(found.runs, clues, dropped)
    return Choice(tuple(runs), found.pictures, frozenset(), tuple(dropped)) if runs else None


def _is_list(context: Context, found: Body) -> bool:
    """Tell whether a page is a front, section or tag page: many teasers and next to no text."""
    path = urlsplit(context.page.url).path.strip("/")
    words = sum(
        block.text.count(" ") + 1
        for block in found.blocks
        if block.kind in (BlockKind.P, BlockKind.QUOTE) and len(block.text) > 60
    )
    head_type = (context.head.meta("og:type") or "").lower()
    if context.head.jsonld.types and path != "":
        return False
    teasers = sum(1 for e in context.root.iter("article") if next(e.iter("a"), None) is not None)
    if path == "" and head_type != "article" and (teasers >= 3 or words < 3 * _LIST_WORDS):
        return True
    return teasers >= _LIST_TEASERS and words < _LIST_WORDS and head_type != "article"


def _article(
    context: Context,
    found: Body,
    name: str,
    title: tuple[str, str],
    authors: tuple[tuple[str, ...], str],
) -> Article:
    given, about, page = context.given, context.head, context.page
    notes = Notes({"title": Evidence(title[1])})
    (published, published_origin), (modified, modified_origin) = metadata.published_and_modified(
        context
    )
    tags, tags_origin = metadata.tags(context)
    sections, section_origin = metadata.sections(context)
    if not sections and name == "labrador":
        sections, section_origin = _labrador_section(context)
    canonical, canonical_origin = metadata.canonical_url(context)
    summary = " ".join(b.text for b in found.blocks if b.kind is BlockKind.SUMMARY)
    told = next(iter(metadata.descriptions(about)), None)
    subtitle, subtitle_origin = next(
        (
            (value, origin)
            for value, origin in (
                (given.subtitle, given.origin_of("subtitle")), (summary, "body"), (told, "meta"),
            )
            if value
        ),
        (None, ""),
    )  # fmt: skip
    text = "\n".join(b.text for b in found.blocks if b.kind is not BlockKind.CAPTION)
    language, language_origin = metadata.text_language(context, text)
    first = next((b.text for b in found.blocks if b.kind is BlockKind.P), None)
    kind, kind_origin = kinds.find(
        given.kicker, sections, about.jsonld.types, (title[0], subtitle, first), tags
    )
    if kind is None and name == "labrador":
        kind, kind_origin = "news", "family"
    locked, locked_origin = rights.paywalled(about)
    image, image_origin = metadata.lead_image(context)
    section = sections[0] if sections else None
    images = _with_lead(found.images, image)
    for field, value, origin in (
        ("subtitle", subtitle, subtitle_origin),
        ("kicker", given.kicker, given.origin_of("kicker")),
        ("authors", authors[0], authors[1]),
        ("language", language, language_origin),
        ("kind", kind, kind_origin),
        ("section", section, section_origin),
        ("tags", tags, tags_origin),
        ("canonical_url", canonical, canonical_origin),
        ("images", images, image_origin or "body"),
        ("cms_id", given.cms_id, given.origin),
    ):
        if value:
            notes.note(field, origin)
    if locked is not None:
        notes.note("paywalled", locked_origin)
    if published:
        notes.note("published_at", published_origin, published)
    if modified:
        notes.note("modified_at", modified_origin, modified)
    notes.note("blocks", name)
    return Article(
        title=title[0],
        blocks=found.blocks,
        extractor=Extractor(name, VERSION, nordcrawl.__version__),
        cms_id=given.cms_id,
        canonical_url=canonical,
        subtitle=subtitle,
        kicker=given.kicker,
        authors=authors[0],
        published_at=published.at if published else None,
        modified_at=modified.at if modified else None,
        language=language,
        kind=kind,
        section=section,
        tags=tags,
        images=images,
        links=found.links,
        translations=metadata.translations(context, language),
        paywalled=locked,
        rights=rights.find(about, context.root, page),
        provenance=notes.evidence,
    )


def _labrador_section(context: Context) -> tuple[tuple[str, ...], str]:
    for name in context.head.body_classes:
        if name.startswith("section_") and len(name) > 8:
            return (clean(name[8:].replace("_", " ")),), "class"
    section = metadata.section_of_address(context.page.url)
    return ((section,), "address") if section else ((), "")


def _with_lead(images: tuple[Image, ...], lead: str | None) -> tuple[Image, ...]:
    """Put the address that stands for the article first, unless its picture is there already."""
    if not lead:
        return images
    for index, image in enumerate(images):
        # Most often the same picture in another size, which has the caption.
        if image.url is not None and _same_picture(image.url, lead):
            merged = Image(lead, image.caption, image.credit, image.alt)
            return (merged, *images[:index], *images[index + 1 :])
    if images and images[0].url is None:
        first = images[0]
        return (Image(lead, first.caption, first.credit, first.alt), *images[1:])
    return (Image(lead), *images)


def _same_picture(one: str, other: str) -> bool:
    a, b = urlsplit(one), urlsplit(other)
    if a.path == b.path:
        return True
    stem_a, stem_b = (p.path.rsplit("/", 1)[-1].rsplit(".", 1)[0] for p in (a, b))
    return bool(stem_a) and stem_a == stem_b
