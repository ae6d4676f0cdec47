"""Read JSON-LD in the shapes that pages have it in, and pick the node of the page's article.

Broken blocks are mended as far as that is safe, else mined for single strings. Does not decide
which of several sources of a field is right.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from nordcrawl.extract.page.text import clean_line, key

#: A block above this is no metadata of an article; seen: a whole archive in one script.
_MAX_CHARS = 2_000_000
_MAX_NODES = 4000
_MAX_DEPTH = 12

#: Source: schema.org, Article and its subtypes, and what news systems use beside them.
ARTICLE_TYPES = frozenset(
    [
        "Article",
        "NewsArticle",
        "ReportageNewsArticle",
        "AnalysisNewsArticle",
        "OpinionNewsArticle",
        "BackgroundNewsArticle",
        "ReviewNewsArticle",
        "AskPublicNewsArticle",
        "AdvertiserContentArticle",
        "SatiricalArticle",
        "ScholarlyArticle",
        "TechArticle",
        "Report",
        "BlogPosting",
        "LiveBlogPosting",
        "SocialMediaPosting",
        "DiscussionForumPosting",
        "CreativeWork",
        "MedicalScholarlyArticle",
        "Review",
        "CriticReview",
        "Recipe",
        "VideoObject",
        "ImageGallery",
        "PodcastEpisode",
    ]
)
_WEAK_TYPES = frozenset(("CreativeWork", "VideoObject", "ImageGallery", "PodcastEpisode", "Review"))
#: Levels of depth that a key of another article counts as.
_FOREIGN_STEP = 5
#: Under these keys stand other articles.
_FOREIGN = frozenset(
    [
        "itemListElement",
        "hasPart",
        "relatedLink",
        "comment",
        "review",
        "isPartOf",
        "liveBlogUpdate",
        "mentions",
        "significantLink",
        "citation",
        "video",
        "associatedMedia",
        "subjectOf",
    ]
)
_COMMENT = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?://\s*)?(?:-->|\]\]>)\s*$")
_TRAILING = re.compile(r",\s*([}\]])")
_STRING = r'"((?:[^"\\]|\\.){1,%d})"'


@dataclass(frozen=True, slots=True)
class JsonLd:
    """The page's article as JSON-LD tells it; values as they stand, node perhaps empty."""

    node: dict[str, Any] = field(default_factory=dict)
    publisher: str | None = None
    published: tuple[str, ...] = ()
    """Dates of publication of other nodes that are about this page, as WebPage."""
    trail: tuple[str, ...] = ()
    """Names of the pages above this one, without the site's own; from a BreadcrumbList."""

    @property
    def types(self) -> tuple[str, ...]:
        """Return the node's types."""
        return tuple(types_of(self.node))

    def text(self, *names: str) -> str | None:
        """Return the first of the fields that is a string with something in it."""
        for name in names:
            for value in strings(self.node.get(name)):
                return value
        return None


def read(scripts: Iterable[str], url: str, hints: Iterable[str] = ()) -> JsonLd:
    """Return the article node of a page's ld+json scripts.

    `url` is the page's address and `hints` are titles: of several articles the one that agrees
    with them is taken.
    """
    nodes: list[tuple[int, dict[str, Any]]] = []
    broken: list[str] = []
    for script in scripts:
        loaded = _load(script)
        if loaded is None:
            broken.append(script)
        else:
            nodes.extend(_flatten(loaded))
    publisher = next((name for _, n in nodes if (name := _publisher(n))), None)
    keys = {key(hint) for hint in hints if hint}
    path = urlsplit(url).path.rstrip("/")
    best, score = None, 0.0
    for order, (depth, node) in enumerate(nodes[:_MAX_NODES]):
        if (points := _points(node, depth, path, keys) - order / 10_000) > score:
            best, score = node, points
    if best is None:
        best = next((mined for script in broken if (mined := _mine(script))), None)
    if best is not None:
        best = _referred(best, [node for _, node in nodes])
    return JsonLd(best or {}, publisher, tuple(_page_dates(nodes, path)), _trail(nodes, path, keys))


def types_of(node: dict[str, Any]) -> Iterator[str]:
    """Yield a node's types without their vocabulary's address."""
    value = node.get("@type")
    for name in value if isinstance(value, list) else [value]:
        if isinstance(name, str):
            yield name.rsplit("/", 1)[-1].removeprefix("schema:")


def strings(value: Any, *names: str) -> Iterator[str]:
    """Yield the strings of a value: itself, its items, and of objects the named fields.

    >>> list(strings([{"name": "Kari"}, "Ola &amp; Per"], "name"))
    ['Kari', 'Ola & Per']
    """
    if isinstance(value, str):
        if text := clean_line(html.unescape(value)):
            yield text
    elif isinstance(value, list):
        for item in value[:200]:
            if isinstance(item, list):  # seen: the persons, and in a list of their own the desk
                item = [inner for inner in item if not isinstance(inner, list)]
            yield from strings(item, *names)
    elif isinstance(value, dict):
        for name in (*names, "@value"):
            if found := next(strings(value.get(name)), None):
                yield found
                return


def _load(script: str) -> Any:
    """Return the JSON of a script, mended when need be; None when nothing helps."""
    text = _COMMENT.sub("", script.strip()[:_MAX_CHARS]).strip().rstrip(";")
    if not text:
        return []
    tries = [text]
    if "&quot;" in text and '"' not in text.replace('"@', ""):
        tries.append(html.unescape(text))
    for attempt in tries:
        for mend in (str, _mended, _closed):
            try:
                # Not strict: control characters inside strings are the commonest fault.
                return json.loads(mend(attempt), strict=False)
            except (ValueError, RecursionError):
                continue
    try:
        return json.JSONDecoder(strict=False).raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None


def _mended(text: str) -> str:
    text = _TRAILING.sub(r"\1", text)
    return re.sub(r"}\s*{", "},{", f"[{text}]") if re.search(r"}\s*{", text) else text


def _closed(text: str) -> str:
    """Return the text with the brackets closed that a cut block has left open."""
    open_brackets: list[str] = []
    in_string = escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = in_string
        elif char == '"':
            in_string = not in_string
        elif not in_string:
            if char in "{[":
                open_brackets.append("}" if char == "{" else "]")
            elif char in "}]" and open_brackets:
                open_brackets.pop()
    tail = '"' if in_string else ""
    body = _TRAILING.sub(r"\1", text + tail + "".join(reversed(open_brackets)))
    return re.sub(r'(?:,\s*)?"[^"]*"\s*:?\s*([}\]]+)$', r"\1", body) if not in_string else body


def _flatten(value: Any, depth: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (depth, node) of every object; what other articles stand under counts as deeper."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value[:_MAX_NODES]:
            yield from _flatten(item, depth)
    elif isinstance(value, dict):
        yield depth, value
        for name, item in value.items():
            if isinstance(item, (dict, list)):
                step = 0 if name == "@graph" else _FOREIGN_STEP if name in _FOREIGN else 1
                yield from _flatten(item, depth + step)


def _points(node: dict[str, Any], depth: int, path: str, keys: set[str]) -> float:
    types = set(types_of(node))
    if not types & ARTICLE_TYPES:
        return 0.0
    points = 1.0 - depth / 10
    if types <= _WEAK_TYPES:
        points -= 0.6
    for name in ("headline", "datePublished", "author"):
        points += 0.5 * bool(node.get(name))
    titles = {key(t) for n in ("headline", "name") for t in strings(node.get(n))}
    if titles & keys:
        points += 3
    own = [*strings(node.get("url")), *strings(node.get("mainEntityOfPage"), "@id", "url")]
    if path and any(path_of(address) == path for address in [*own, *strings(node.get("@id"))]):
        points += 3
    return points


def _referred(article: dict[str, Any], nodes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return an article node with those authors put in that it only refers to.

    Source: JSON-LD 1.1, section 1.4 (node reference).
    """
    authors = article.get("author")
    values = authors if isinstance(authors, list) else [authors]
    wanted = [name for value in values if (name := _id_of(value))]
    if not wanted or next(strings(authors, "name"), None):
        return article
    known = {name: node for node in nodes if (name := _id_of(node)) and "name" in node}
    found = [known[name] for name in wanted if name in known]
    return {**article, "author": found} if found else article


def _id_of(value: Any) -> str | None:
    name = value.get("@id") if isinstance(value, dict) else None
    return name if isinstance(name, str) else None


def _page_dates(nodes: Iterable[tuple[int, dict[str, Any]]], path: str) -> Iterator[str]:
    """Yield when nodes say that the page was published, those left out of another address."""
    for depth, node in nodes:
        if depth < _FOREIGN_STEP and "datePublished" in node:
            own = [*strings(node.get("url")), *strings(node.get("@id"))]
            if not own or any(path_of(address) == path for address in own):
                yield from strings(node["datePublished"])


def _trail(
    nodes: Iterable[tuple[int, dict[str, Any]]], path: str, titles: set[str]
) -> tuple[str, ...]:
    """Return the names between the front page and this page in the first trail that has any.

    Source: schema.org, BreadcrumbList, whose items are ListItem with name, item and position.
    """
    for _, node in nodes:
        if "BreadcrumbList" not in types_of(node):
            continue
        steps = [_step(item) for item in _listed(node.get("itemListElement"))]
        if steps and steps[-1][1] is None and any(where is not None for _, where in steps):
            steps.pop()  # this page
        between = [
            name
            for name, where in steps
            if name and where not in ("", path) and key(name) not in titles
        ]
        if names := between[1:] if between and steps[0][1] is None else between:
            return tuple(names)
    return ()


def _listed(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items[:20] if isinstance(item, dict)]


def _step(item: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return (name, path) of a step of a trail."""
    target = item.get("item")
    name = next(strings(item.get("name")), None) or next(strings(target, "name"), None)
    address = next(strings(target, "@id", "url"), None) or next(strings(item.get("@id")), None)
    return name, path_of(address) if address else None


def path_of(address: str) -> str | None:
    """Return an address's path without the last slash, None when it is none."""
    try:
        return urlsplit(address).path.rstrip("/")
    except ValueError:
        return None


def _publisher(node: dict[str, Any]) -> str | None:
    if name := next(strings(node.get("publisher"), "name"), None):
        return name
    if {"NewsMediaOrganization", "WebSite"} & set(types_of(node)):
        return next(strings(node.get("name")), None)
    return None


def _mine(script: str) -> dict[str, Any] | None:
    """Return single strings found in a block that can't be read as JSON."""
    script = script[:200_000]
    if not any(f'"{name}"' in script for name in ARTICLE_TYPES):
        return None
    node: dict[str, Any] = {}
    for name in ("headline", "datePublished", "dateModified", "description", "articleSection"):
        if found := re.search(rf'"{name}"\s*:\s*{_STRING % 1000}', script):
            try:
                node[name] = json.loads(f'"{found[1]}"', strict=False)
            except ValueError:
                node[name] = found[1]
    if found := re.search(
        rf'"author"\s*:\s*[\[{{][^}}]{{0,300}}?"name"\s*:\s*{_STRING % 200}', script
    ):
        node["author"] = {"name": found[1]}
    for name in ARTICLE_TYPES:
        if re.search(rf'"@type"\s*:\s*\[?\s*"{name}"', script):
            node["@type"] = name
            break
    return node or None
