"""Tell whose microdata an element is: the page's own article's, or another's.

An item counts for this page when it names it, by headline or address, or holds its h1, or is the
only article; clips, comments, publishers and teasers lend nothing. Does not read values.

Source: HTML Living Standard, section 5 (microdata).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree
from lxml.html import HtmlElement

from nordcrawl.extract.page.jsonld import ARTICLE_TYPES, path_of
from nordcrawl.extract.page.text import clean_line, key
from nordcrawl.extract.page.tree import text_of

#: Of these types are clips, which an article holds.
_CLIPS = frozenset(("VideoObject", "AudioObject", "PodcastEpisode", "ImageGallery"))
_ARTICLES = ARTICLE_TYPES - _CLIPS
_SCOPES = etree.XPath("//*[@itemscope][@itemtype]")
_TEASERS = ("article", "aside", "li", "footer", "nav")
_CHARS = 400


@dataclass(slots=True)
class Microdata:
    """The items of a page, each judged once."""

    root: HtmlElement
    titles: frozenset[str]
    """Keys of what the page's headline may be."""
    path: str | None
    """Path of its address."""
    _judged: dict[HtmlElement, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, root: HtmlElement, titles: Iterable[str], url: str) -> Microdata:
        """Return the microdata of a page, by its titles and address."""
        return cls(root, frozenset(key(title) for title in titles) - {""}, path_of(url))

    def is_own(self, element: HtmlElement) -> bool:
        """Return whether a property that an element holds is of the page's own article."""
        scope = next((e for e in element.iterancestors() if e.get("itemscope") is not None), None)
        types = set() if scope is None else _types(scope)
        if scope is not None and types & _ARTICLES:
            return self._is_own_item(scope)
        if types and not any(name.endswith("Page") for name in types):
            return False
        teaser = next(element.iterancestors(*_TEASERS), None)
        return teaser is None or (
            teaser.tag == "article" and next(teaser.iter("h1"), None) is not None
        )

    def is_of_other(self, element: HtmlElement) -> bool:
        """Return whether an element stands in the item of an article that is not the page's own."""
        items = (e for e in element.iterancestors() if e.get("itemscope") is not None)
        return any(_types(item) & _ARTICLES and not self._is_own_item(item) for item in items)

    def _is_own_item(self, scope: HtmlElement) -> bool:
        if scope not in self._judged:
            self._judged[scope] = self._is_page(scope)
        return self._judged[scope]

    def _is_page(self, scope: HtmlElement) -> bool:
        """Return whether an article's item is the page's."""
        if next(scope.iter("h1"), None) is not None:
            return True
        titles = {key(_value(e)) for e in _properties(scope, "headline", "name")} - {""}
        if titles & self.titles:
            return True
        paths = {path_of(_value(e)) for e in _properties(scope, "url", "mainEntityOfPage")}
        if told := paths - {None, ""}:
            return self.path in told
        if titles and self.titles:
            return False
        teaser = next(scope.iterancestors("aside", "li", "footer", "nav"), None)
        others = (e for e in _SCOPES(self.root) if e is not scope and _types(e) & _ARTICLES)
        return teaser is None and next(others, None) is None


def _types(scope: HtmlElement) -> set[str]:
    return {name.rsplit("/", 1)[-1] for name in (scope.get("itemtype") or "").split()}


def _properties(scope: HtmlElement, *names: str) -> Iterator[HtmlElement]:
    """Yield the elements of properties of an item, those of items in it left out."""
    for element in scope.iterdescendants():
        if set(names) & set((element.get("itemprop") or "").split()):
            own = next(e for e in element.iterancestors() if e.get("itemscope") is not None)
            if own is scope:
                yield element


def _value(element: HtmlElement) -> str:
    """Return the value of a property. Source: HTML Living Standard, 5.2.4 (values)."""
    for name in ("content", "itemid", "href", "src", "datetime"):
        if value := element.get(name):
            return clean_line(value[:_CHARS])
    return clean_line(text_of(element)[:_CHARS])
