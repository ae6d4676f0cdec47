"""What travels through the item pipelines: one page, growing into a record.

The spider makes a `PageItem`. What an operator's own component makes of it on the way may be any
kind of item that Scrapy knows; the pipelines see its fields through `PageFields`.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem

from nordcrawl.identity.decide import Verdict
from nordcrawl.model.article import Article
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading

T = TypeVar("T")


@dataclass(slots=True)
class PageItem:
    """A page on its way; each pipeline fills in what it is for."""

    url: str
    """The discovered URL that this page answers, in canonical form: the ledger's key."""
    page: Page = field(repr=False)
    article: Article | None = field(default=None, repr=False)
    """Set by `ExtractPipeline`."""
    verdict: Verdict | None = None
    """Set by `DedupPipeline`."""
    reading: Reading | None = field(default=None, repr=False)
    """The same article with its digests, as the worker made it; set by `ExtractPipeline`, where an
    item of another kind has room for it."""


class LeftOpen(DropItem):
    """The item goes no further, and its URL has no outcome: the run gives it one when it ends, or
    it is done anew by the next one."""


class WrongItem(TypeError):
    """An item without what a pipeline needs; the text names its kind and the field."""


class _Field(Generic[T]):
    """A field of an item, of one type; read or set through the item's adapter."""

    def __init__(self, of: type[T]) -> None:
        self._of = of

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, fields: PageFields, owner: type) -> T:
        value = fields.adapter.get(self._name)
        if not isinstance(value, self._of):
            found = "missing" if value is None else f"of type {type(value).__name__}"
            raise WrongItem(f"{fields.kind}: {self._name} must be {self._of.__name__}, is {found}")
        return value

    def __set__(self, fields: PageFields, value: T) -> None:
        try:
            fields.adapter[self._name] = value
        except (KeyError, AttributeError, ValueError) as error:  # no such field, or frozen
            raise WrongItem(f"{fields.kind}: {self._name} can't be set: {error}") from error


class _OwnFields:
    """The fields of our own item, as an adapter has them, without the search for what it is."""

    def __init__(self, item: PageItem) -> None:
        self._item = item

    def get(self, name: str) -> Any:
        return getattr(self._item, name)

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self._item, name, value)


class PageFields:
    """The fields of `PageItem` in an item of any kind: dict, dataclass, attrs, pydantic, Scrapy's.

    As docs.scrapy.org recommends, "Item Types" and "itemadapter". Each field is checked when it is
    read.

    Raises:
        WrongItem: it is no item, or a field is missing, of another type or can't be set.
    """

    url = _Field(str)
    page = _Field(Page)
    article = _Field(Article)
    verdict = _Field(Verdict)

    @property
    def reading(self) -> Reading:
        """The article with its digests; made here where an operator's component has put in another
        article, or an item that does not keep them."""
        article, kept = self.article, self.adapter.get("reading")
        if isinstance(kept, Reading) and kept.article is article:
            return kept
        return Reading.of(article, self.page.body_sha256)

    @reading.setter
    def reading(self, value: Reading) -> None:
        self.article = value.article
        with contextlib.suppress(KeyError, AttributeError, ValueError):  # no room for it
            self.adapter["reading"] = value

    def __init__(self, item: Any) -> None:
        self.kind = f"item of type {type(item).__name__}"
        self.adapter: _OwnFields | ItemAdapter
        if type(item) is PageItem:
            self.adapter = _OwnFields(item)
            return
        if not ItemAdapter.is_item(item):
            raise WrongItem(f"{self.kind}: no kind of item that Scrapy knows")
        self.adapter = ItemAdapter(item)


def address_of(item: Any) -> str:
    """Return the discovered URL of an item, or what kind of thing it is if it has none."""
    try:
        return PageFields(item).url
    except WrongItem as error:
        return str(error)


def page_of(item: Any) -> Page | None:
    """Return the page of an item, None if it has none."""
    try:
        return PageFields(item).page
    except WrongItem:
        return None
