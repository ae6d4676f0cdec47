"""Anchor the article of a Drupal page: Drupal 7 and the themes of core since Drupal 8.

Field and node classes are made of machine names by core, so they are the same whatever the theme:
Drupal 7 writes ``field-name-body``, Classy of Drupal 8 and later ``field--name-body`` (early ones
``field-node--body field-name-body``). Sources: drupal/drupal, modules/node/node.tpl.php and
modules/field/theme/field.tpl.php (7.x: ``node-article``, ``node-teaser``, ``submitted``,
``username``); core/themes/classy, stable, bartik and olivero, templates node.html.twig
(``node--type-X``, ``node--view-mode-full``, ``node__content``, ``node__submitted``,
``node__author``), field.html.twig, field--node--created.html.twig, field--node--uid.html.twig,
html.html.twig (``page-node-type-X``); modules/rdf (``property="dc:date dc:created" content=``).
Where a page is laid out by hand, each field stands in a pane or block of its own, and the node has
no element: ctools, plugins/content_types/entity_context/entity_field.inc, and panels-pane.tpl.php
of panels (``pane-node-field-X``, ``pane-content``); core/modules/layout_builder, FieldBlock
(``block-field-blocknodeTYPEfield-x``).

Does not choose the text. Which fields besides the body a site has, and what they are for, is the
site's own: fields are known by whole words of their machine names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from datetime import tzinfo

from lxml.html import HtmlElement

from nordcrawl.extract.families.landmarks import Landmarks, all_of, around, own, texts
from nordcrawl.extract.fields import authors
from nordcrawl.extract.fields.context import Given
from nordcrawl.extract.lexicon import tables
from nordcrawl.extract.page import dates
from nordcrawl.extract.page.dates import Moment
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.text import key
from nordcrawl.extract.page.tree import select, text_of
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

_BODY_ID = re.compile(r"^page-node-(\d{1,12})$")
_BODY_TYPE = re.compile(r"^(?:page-node-type|node-type)-[\w-]+$")
#: Body classes of the front page, in Drupal 7 and later.
_FRONT = frozenset(["front", "path-frontpage"])
_NODE_ID = re.compile(r"^node-(\d{1,12})$")
_NODE_PATH = re.compile(r"/node/(\d{1,12})/?$")
#: Nodes that the page shows in short; view modes have names that sites choose.
_TEASER = re.compile(
    r"^(?:node-+teaser|(?:node--)?view-mode-[\w-]*(?:teaser|card|list|search|related|mini|compact)"
    r"[\w-]*)$"
)
_NODE = ".node, [data-history-node-id], [class*='node--type-'], [about^='/node/']"
#: What in a node's element is of others: comments, blocks, listed and embedded nodes.
_FOREIGN = (
    "#comments, .comment-wrapper, .comment, .field--name-comment, .block, .view, nav, aside,"
    ".node-teaser, .node--view-mode-teaser, .node .node, .region-sidebar-first,"
    ".region-sidebar-second, .pager"
)
_FURNITURE = (
    ".field--name-comment, .comment-wrapper, #comments, .node__links, .links.inline, .pager, "
    ".field--name-field-tags, .field-name-field-tags, .node__submitted, .submitted, "
    ".book-navigation, .contextual-links-wrapper, .field__label, .field-label, "
    ".pane-node-field-tags, .pane-node-links, .pane-node-comments, .pane-views, .pane-title"
)
_FIELD = re.compile(
    r"^(?:field-(?:-name|name)-(?:field-)?|pane-node-(?:field-)?|block-field-blocknode\w*?field-)(.+)$"
)
_FIELDS = (
    "[class*='field--name-'], [class*='field-name-'], [class*='pane-node-'], "
    "[class*='block-field-blocknode']"
)
_ITEM = ".field__item, .field-item, .pane-content"
_PANES = ".pane-entity-field[class*='pane-node-'], .pane-node-body, .pane-node-title"
_BODY_PANE = ".pane-node-body"
#: What a field is for, by the whole words of its machine name.
_WORDS = {
    name: frozenset(tables.words("drupal_fields", name)) for name in tables.table("drupal_fields")
}
#: With one of these it is for something else: a lead picture, an author's portrait.
_NOT_TEXT = _WORDS["not_text"]
_AUTHOR = (
    ".node__submitted .username", ".submitted .username", ".node__author", ".field--name-uid",
    ".field-name-uid", "[rel~='schema:author']",
)  # fmt: skip
_CREATED = (
    ".field--name-created time[datetime]", ".node__submitted time[datetime]",
    ".field--name-created[content]", "[property~='dc:created'][content]",
    "[property~='schema:dateCreated'][content]", ".submitted time[datetime]", ".node__meta time",
)  # fmt: skip
#: In a field of authors, beside the day or a portrait.
_NAMES = ".byline, .username, .author, [rel~='author']"
_NAME_CHARS = 60
_LEAD_CHARS = 800
_TITLE_CHARS = 300
_AUTHORS = 4


def find(root: HtmlElement, head: Head, page: Page, profile: Profile) -> Landmarks | None:
    """Return the anchors of a Drupal page that shows one node, else None."""
    if not is_drupal(head) or _FRONT & head.body_classes:
        return None
    number = _page_number(head)
    article = _article(root, number)
    if article is None:
        return None
    headline = _headline(root, article, head)
    scope = article
    if headline is not None and (both := around(article, headline)) is not None:
        scope = both
    others = all_of(scope, _FOREIGN) - {article, *article.iterancestors()}
    local = dates.zone_of(profile.timezone)
    named = head.jsonld.node.get("author") or head.meta("author", "article:author")
    dated = head.jsonld.text("datePublished") or head.meta("article:published_time")
    given = Given(
        origin="drupal",
        title=_title(headline, head),
        subtitle=_line(article, "subtitle", _LEAD_CHARS, others),
        kicker=_line(scope, "kicker", _NAME_CHARS, others),
        # Who has entered a node is printed where nobody is named as its author.
        authors=_authors(_field(scope, "authors", others))
        or (() if named else _authors(own(scope, _AUTHOR, others))),
        published=None if dated else _created(own(scope, _CREATED, others), local),
        section=_line(scope, "section", _NAME_CHARS, others),
        tags=_tags(_field(scope, "tags", others)),
        # The system's name for it: what comes after it counts from one again.
        cms_id=f"node-{own_number}" if (own_number := number or _number(article)) else None,
    )
    return Landmarks("drupal", given, article, tuple(all_of(article, _FURNITURE)))


def is_drupal(head: Head) -> bool:
    """Return whether a page was made by Drupal, by what core writes into head, body and scripts."""
    if any(value.lower().startswith("drupal") for value in head.all("generator")):
        return True
    if "path-node" in head.body_classes or any(map(_BODY_TYPE.match, head.body_classes)):
        return True
    return "Drupal.settings" in head.scripts or any(
        "/sites/default/files/" in link.href or "/sites/all/" in link.href for link in head.links
    )


def _page_number(head: Head) -> str | None:
    for name in head.body_classes:
        if found := _BODY_ID.match(name):
            return found[1]
    for link in head.links:
        if link.rel in ("shortlink", "canonical") and (found := _NODE_PATH.search(link.href)):
            return found[1]
    return None


def _article(root: HtmlElement, number: str | None) -> HtmlElement | None:
    """Return the element of the page's node, else the only one that is not shown in short."""
    nodes = [e for e in select(root, (_NODE,)) if e.tag not in ("html", "body")]
    full = [e for e in nodes if not any(map(_TEASER.match, (e.get("class") or "").split()))]
    full = [e for e in full if set(e.iterancestors()).isdisjoint(full)]
    mine = [e for e in full if number is not None and _number(e) == number]
    if mine:
        return mine[0]
    if not full:
        return _in_panes(root)
    numbers = {_number(e) for e in full} - {None}
    return full[0] if len(full) == 1 and (number is None or not numbers) else None


def _in_panes(root: HtmlElement) -> HtmlElement | None:
    """Return the element that holds all panes of a node's fields, the body among them."""
    bodies = select(root, (_BODY_PANE,))
    if len(bodies) != 1:
        return None
    found: HtmlElement | None = bodies[0]
    for pane in select(root, (_PANES,)):
        found = found if found is None else around(found, pane)
    return found


def _number(element: HtmlElement) -> str | None:
    """Return the node's number that an element carries."""
    if (number := element.get("data-history-node-id") or "").isdigit():
        return number
    if found := _NODE_ID.match(element.get("id") or ""):
        return found[1]
    found = _NODE_PATH.search(element.get("about") or "")
    return found[1] if found else None


def _headline(root: HtmlElement, article: HtmlElement, head: Head) -> HtmlElement | None:
    """Return the node's headline: core prints it as the page's h1, outside of the node."""
    titles = own(article, ("h1",), all_of(article, _FOREIGN)) or select(
        root, ("h1.page-header, h1.page-title, h1#page-title, h1.title", "h1")
    )
    if len(titles) == 1:
        return titles[0]
    told = key(head.title)
    known = [e for e in titles if len(key(text_of(e))) > 3 and told.startswith(key(text_of(e)))]
    return known[0] if known else None


def _title(headline: HtmlElement | None, head: Head) -> str | None:
    """Return the headline as printed, if the page's title begins with it."""
    printed = next(iter(texts([headline], _TITLE_CHARS)), None) if headline is not None else None
    return printed if printed and key(head.title).startswith(key(printed)) else None


def _field(holder: HtmlElement, name: str, others: Set[HtmlElement]) -> list[HtmlElement]:
    """Return the first own field whose machine name holds one of the words, in a list."""
    for element in own(holder, (_FIELDS,), others):
        for token in (element.get("class") or "").split():
            field = _FIELD.match(token)
            words = set(re.split(r"[-_]+", field[1])) if field else set()
            if words & _WORDS[name] and not words & _NOT_TEXT:
                return [element]
    return []


def _items(field: HtmlElement) -> list[HtmlElement]:
    """Return what a field holds without its label: its links, its items, or the field itself."""
    for selector in ("a", _ITEM):
        if found := select(field, (selector,)):
            return found
    return [field]


def _line(holder: HtmlElement, name: str, most: int, others: Set[HtmlElement]) -> str | None:
    """Return the first item of a field of one line or paragraph."""
    for field in _field(holder, name, others):
        items = select(field, (_ITEM,)) or [field]
        if "field--type-text-with-summary" not in (field.get("class") or ""):
            return next(iter(texts(items, most)), None)
    return None


def _authors(fields: Iterable[HtmlElement]) -> tuple[str, ...]:
    items = [e for field in fields for e in select(field, (_NAMES,)) or _items(field)]
    found = (text for text in texts(items, _NAME_CHARS) if not any(map(str.isdigit, text)))
    names = authors.tidy(name for text in found for name in authors.split(text))
    return names if len(names) <= _AUTHORS else ()


def _tags(fields: Iterable[HtmlElement]) -> tuple[str, ...]:
    return texts([item for field in fields for item in _items(field)][:60], _NAME_CHARS)


def _created(elements: Iterable[HtmlElement], local: tzinfo) -> Moment | None:
    for element in elements:
        if moment := dates.parse(element.get("datetime") or element.get("content"), local):
            return moment
    return None
