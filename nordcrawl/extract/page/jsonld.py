"""Pick the node of the page's own article out of its JSON-LD.

A node counts for this page when it names it, by address or headline, or when it is the only
article there is; what stands in lists of other articles, and clips, lend nothing. Broken blocks are
mended as far as that is safe, else mined for single strings. Does not decide which of several
sources of a field is right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from nordcrawl.extract.page.loose_json import load
from nordcrawl.extract.page.schema_values import strings, times, types_of
from nordcrawl.extract.page.text import key

__all__ = ["ARTICLE_TYPES", "JsonLd", "path_of", "read", "strings", "times", "types_of"]

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
_WEAK_TYPES = frozenset(("CreativeWork", "ImageGallery", "Review"))
#: What an article holds: only by its address is such a thing the page's own.
_CLIPS = frozenset(("VideoObject", "AudioObject", "PodcastEpisode", "MediaObject", "Clip"))
#: A headline that another one begins with names the same article if it is as long as this.
_BEGINNING = 15
#: What may be a node elsewhere in the page's data that is only referred to.
_REFERRED = ("author", "creator", "contributor", "image", "publisher")
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


def read(
    scripts: Iterable[str],
    url: str,
    hints: Iterable[str] = (),
    addresses: Iterable[str] = (),
    window: str = "",
) -> JsonLd:
    """Return the article node of a page's ld+json scripts, empty where none is the page's own.

    `url` is the page's address, `addresses` are others that it says are its own; `hints` are its
    titles, `window` is its title element.
    """
    nodes: list[tuple[int, dict[str, Any]]] = []
    broken: list[str] = []
    for script in scripts:
        loaded = load(script)
        if loaded is None:
            broken.append(script)
        else:
            nodes.extend(_flatten(loaded))
    nodes = nodes[:_MAX_NODES]
    publisher = next((name for _, n in nodes if (name := _publisher(n))), None)
    page = _PageNames(
        frozenset(key(hint) for hint in hints if hint) - {""},
        key(window),
        frozenset(path for a in (url, *addresses) if (path := path_of(a))),
    )
    best = _own(nodes, page)
    if best is None:
        best = next((mined for script in broken if (mined := _mine(script))), None)
    if best is not None:
        best = _joined(best, [node for _, node in nodes])
    path = urlsplit(url).path.rstrip("/")
    return JsonLd(
        best or {}, publisher, tuple(_page_dates(nodes, path)), _trail(nodes, path, page.titles)
    )


@dataclass(frozen=True, slots=True)
class _PageNames:
    """What a node can name the page by."""

    titles: frozenset[str]
    """Keys of its printed title and of what the head has for it."""
    window: str
    """Key of its title element, where the site's name and other wordings stand too."""
    paths: frozenset[str]
    """Paths of its addresses; a front page's is none."""

    def by_title(self, node: dict[str, Any]) -> bool:
        """Return whether a node has the headline that the page prints."""
        return any(_same_title(one, other) for one in _titles(node) for other in self.titles)

    def by_window(self, node: dict[str, Any]) -> bool:
        """Return whether the page's title element begins with a node's headline."""
        return any(_same_title(one, self.window) for one in _titles(node))

    def by_address(self, node: dict[str, Any]) -> bool | None:
        """Return whether a node says that it is here; None for one that does not say where."""
        own = {
            *strings(node.get("url")), *strings(node.get("mainEntityOfPage"), "@id", "url"),
            *strings(node.get("@id")),
        }  # fmt: skip
        paths = {path for address in own if ":" in address and (path := path_of(address))}
        return bool(paths & self.paths) if paths else None


def _titles(node: dict[str, Any]) -> set[str]:
    return {key(t) for name in ("headline", "name") for t in strings(node.get(name))} - {""}


def _same_title(one: str, other: str) -> bool:
    if min(len(one), len(other)) < _BEGINNING:
        return one == other
    return one.startswith(other) or other.startswith(one)


_Nodes: TypeAlias = Sequence[tuple[int, dict[str, Any]]]


def _own(nodes: _Nodes, page: _PageNames) -> dict[str, Any] | None:
    """Return the node of the page's own article."""
    texts: list[tuple[int, dict[str, Any]]] = []
    clips: list[tuple[int, dict[str, Any]]] = []
    for depth, node in nodes:
        if kinds := (ARTICLE_TYPES | _CLIPS) & set(types_of(node)):
            (clips if kinds <= _CLIPS else texts).append((depth, node))
    named: _Nodes = [
        (depth, node)
        for depth, node in texts
        if page.by_address(node) or page.by_title(node) or page.by_window(node)
    ]
    if not named and not (named := _only(texts, page)):
        named = [(depth, node) for depth, node in clips if page.by_address(node)]
    # Of equals the first is taken.
    best = max(named, key=lambda found: _points(found[1], found[0], page), default=None)
    return best[1] if best else None


def _only(articles: _Nodes, page: _PageNames) -> _Nodes:
    """Return the only article among nodes that do not name the page, unless it is elsewhere; one
    that is told twice is one, and one of a weak type is none beside others."""
    here = [(depth, node) for depth, node in articles if depth < _FOREIGN_STEP]
    strong = [
        (d, node) for d, node in here if not ARTICLE_TYPES & set(types_of(node)) <= _WEAK_TYPES
    ]
    group = strong or here
    headlines = {key(text) for _, node in group for text in strings(node.get("headline"))}
    if len(headlines) > 1:
        return []
    return [(depth, node) for depth, node in group if page.by_address(node) is not False]


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


def _points(node: dict[str, Any], depth: int, page: _PageNames) -> float:
    points = 1.0 - depth / 10
    if ARTICLE_TYPES & set(types_of(node)) <= _WEAK_TYPES:
        points -= 0.6
    for name in ("headline", "datePublished", "author"):
        points += 0.5 * bool(node.get(name))
    return points + 3 * page.by_title(node) + 3 * bool(page.by_address(node))


def _joined(article: dict[str, Any], nodes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return an article's node with what other nodes of its name say of it, and with those nodes
    put in that it only refers to.

    Source: JSON-LD 1.1, section 1.4 (node reference), and its API, section 4.4 (flattening: what
    has one @id is one node).
    """
    known: dict[str, dict[str, Any]] = {}
    for node in nodes:
        if name := _id_of(node):
            known[name] = {**node, **known.get(name, {})}
    name = _id_of(article)
    whole = {**known[name], **article} if name in known else dict(article)
    for key_ in _REFERRED:
        if key_ in whole:
            whole[key_] = _referred(whole[key_], known)
    return whole


def _referred(value: Any, known: dict[str, dict[str, Any]], depth: int = 0) -> Any:
    """Return a value with the nodes that it refers to."""
    if depth > 4:
        return value
    if isinstance(value, list):
        return [_referred(item, known, depth + 1) for item in value[:200]]
    if not isinstance(value, dict):
        return value
    name = _id_of(value)
    found = {**known[name], **value} if name in known else dict(value)
    for inner in ("author", "creator", "@list", "@set"):
        if inner in found:
            found[inner] = _referred(found[inner], known, depth + 1)
    return found


def _id_of(value: Any) -> str | None:
    name = value.get("@id") if isinstance(value, dict) else None
    return name if isinstance(name, str) else None


def _page_dates(nodes: Iterable[tuple[int, dict[str, Any]]], path: str) -> Iterator[str]:
    """Yield when nodes that are no article say that the page was published, as WebPage; those
    left out of another address."""
    for depth, node in nodes:
        if (
            depth < _FOREIGN_STEP
            and "datePublished" in node
            and not (ARTICLE_TYPES | _CLIPS) & set(types_of(node))
        ):
            own = [*strings(node.get("url")), *strings(node.get("@id"))]
            if not own or any(path_of(address) == path for address in own):
                yield from times(node["datePublished"])


def _trail(
    nodes: Iterable[tuple[int, dict[str, Any]]], path: str, titles: frozenset[str]
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
