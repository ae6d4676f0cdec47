"""Compose: the article, of what its fields and its body were found to be."""

from __future__ import annotations

from urllib.parse import urlsplit

from nordcrawl._version import __version__
from nordcrawl.extract.body.blocks import Body
from nordcrawl.extract.engine_version import VERSION
from nordcrawl.extract.fields import genre, rights, weigh
from nordcrawl.extract.fields import sections as sections_
from nordcrawl.extract.fields.addresses import canonical_url, descriptions, lead_image, translations
from nordcrawl.extract.fields.context import Context, Notes
from nordcrawl.extract.fields.published import published_and_modified
from nordcrawl.extract.fields.sections import section_of_address
from nordcrawl.extract.fields.weigh import text_language
from nordcrawl.extract.lexicon.phrases import NOTICES
from nordcrawl.extract.page.text import clean
from nordcrawl.model.article import Article, BlockKind, Evidence, Extractor, Image


def compose(
    context: Context,
    found: Body,
    name: str,
    title: tuple[str, str],
    authors: tuple[tuple[str, ...], str],
) -> Article:
    """Return the article, with where each field came from."""
    given, about, page = context.given, context.head, context.page
    notes = Notes({"title": Evidence(title[1])})
    (published, published_origin), (modified, modified_origin) = published_and_modified(context)
    tags, tags_origin = weigh.tags(context, authors[0])
    sections, section_origin = sections_.sections(context)
    if not sections and name == "labrador":
        sections, section_origin = _labrador_section(context)
    canonical, canonical_origin = canonical_url(context)
    summary = " ".join(b.text for b in found.blocks if b.kind is BlockKind.SUMMARY)
    # Imported pages can have a promotion where the standfirst belongs.
    told = next((t for t in descriptions(about) if not NOTICES.match(t)), None)
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
    language, language_origin = text_language(context, text)
    first = next((b.text for b in found.blocks if b.kind is BlockKind.P), None)
    kind, kind_origin = genre.find(
        given.kicker, sections, about.jsonld.types, (title[0], subtitle, first), tags
    )
    if kind is None and name == "labrador":
        kind, kind_origin = "news", "family"
    locked, locked_origin = rights.paywalled(about)
    if locked is None and given.paywalled is not None:
        locked, locked_origin = given.paywalled, given.origin
    image, image_origin = lead_image(context)
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
        extractor=Extractor(name, VERSION, __version__),
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
        translations=translations(context, language),
        paywalled=locked,
        rights=rights.find(about, context.root, page),
        provenance=notes.evidence,
    )


def _labrador_section(context: Context) -> tuple[tuple[str, ...], str]:
    for name in context.head.body_classes:
        if name.startswith("section_") and len(name) > 8:
            return (clean(name[8:].replace("_", " ")),), "class"
    section = section_of_address(context.page.url)
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
