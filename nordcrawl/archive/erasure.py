"""Erasure orders: what must not be in the archive any more, told without saying what it was.

An order names articles by their id, and addresses and texts by their SHA-256 only. It is put
before anything is erased, so that readers leave out at once what it covers and crawlers do not
archive it again; the receipt beside it says that nothing of it is left. `eraser` does the work.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from nordcrawl.archive import layout
from nordcrawl.archive.layout import PartKind
from nordcrawl.archive.store import Store
from nordcrawl.article import parse_rfc3339, rfc3339
from nordcrawl.errors import ArchiveDamaged
from nordcrawl.url import canonicalize

ORDER_FORMAT: Final = "nordcrawl-erasure"
ORDER_VERSION: Final = 1
ERASED: Final = "erased"
"""The `change` of a tombstone."""
HIDDEN: Final = "ni:///sha-256;"
"""How an address begins that stands for an erased one."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be erased; everything that tells of a person is a digest."""

    order_id: str
    ordered_at: datetime
    reason: str
    articles: frozenset[tuple[str, str]]
    """(source, article id)."""
    urls: frozenset[str]
    """`url_digest` of each address that the articles had."""
    texts: frozenset[str]
    """`text_sha256` of their texts, of 200 characters or more: not to come back elsewhere."""

    @property
    def key(self) -> str:
        """Where it lies."""
        return layout.erasure_key(self.order_id, "order")

    @property
    def receipt_key(self) -> str:
        """Where its receipt lies, once all is done."""
        return layout.erasure_key(self.order_id, "receipt")

    def encode(self) -> bytes:
        """Return the object's bytes."""
        return layout.encode_sealed(
            {
                "format": ORDER_FORMAT,
                "version": ORDER_VERSION,
                "order_id": self.order_id,
                "ordered_at": rfc3339(self.ordered_at),
                "reason": self.reason,
                "articles": [
                    {"source": source, "article_id": article_id}
                    for source, article_id in sorted(self.articles)
                ],
                "url_sha256": sorted(self.urls),
                "text_sha256": sorted(self.texts),
            }
        )

    @classmethod
    def decode(cls, key: str, body: bytes) -> Self:
        """Read an order.

        Raises:
            ArchiveDamaged: it is none, was changed, or is of a later version.
        """
        try:
            values = layout.decode_sealed(body)
            if (values["format"], values["version"]) != (ORDER_FORMAT, ORDER_VERSION):
                raise ValueError(f"version {values['version']!r} is unknown to this nordcrawl")
            ordered_at = parse_rfc3339(values["ordered_at"])
            if ordered_at is None:
                raise ValueError("no ordered_at")
            order = cls(
                order_id=values["order_id"],
                ordered_at=ordered_at,
                reason=values["reason"],
                articles=frozenset((x["source"], x["article_id"]) for x in values["articles"]),
                urls=frozenset(values["url_sha256"]),
                texts=frozenset(values["text_sha256"]),
            )
            if order.key != key:
                raise ValueError(f"it says that it is {order.key}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArchiveDamaged(
                f"{key}: not an erasure order that can be read: {error}"
            ) from error
        return order


@dataclass(frozen=True, slots=True)
class Erasures:
    """All orders of an archive together."""

    orders: tuple[Order, ...] = ()
    articles: frozenset[tuple[str, str]] = frozenset()
    urls: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    open_orders: tuple[Order, ...] = field(default=(), compare=False)
    """Those without a receipt."""

    @classmethod
    def of(cls, orders: Iterable[Order], receipts: Iterable[str] = ()) -> Self:
        """Put orders together; `receipts` are the ids of those that are done."""
        orders, done = tuple(orders), set(receipts)
        return cls(
            orders=orders,
            articles=frozenset().union(*(order.articles for order in orders)),
            urls=frozenset().union(*(order.urls for order in orders)),
            texts=frozenset().union(*(order.texts for order in orders)),
            open_orders=tuple(order for order in orders if order.order_id not in done),
        )

    @property
    def ids(self) -> frozenset[str]:
        """The orders' ids."""
        return frozenset(order.order_id for order in self.orders)

    def __bool__(self) -> bool:
        return bool(self.orders)

    def covers_url(self, url: str) -> bool:
        """Tell whether an address is one of an erased article."""
        return bool(self.urls) and url_digest(url) in self.urls

    def covers_article(self, source: str, article_id: str | None) -> bool:
        """Tell whether an article is erased."""
        return article_id is not None and (source, article_id) in self.articles

    def covers_text(self, text_sha256: str) -> bool:
        """Tell whether a text is one of an erased article."""
        return text_sha256 in self.texts

    def covers(self, kind: PartKind, values: Mapping[str, Any]) -> bool:
        """Tell whether a line of the archive is to go; a tombstone stays."""
        if not self.orders:
            return False
        if kind is PartKind.ARTICLE and values.get("change") == ERASED:
            return False
        if kind is PartKind.LEDGER and str(values.get("url")).startswith(HIDDEN):
            return False
        return self.covers_article(values.get("source", ""), values.get("article_id")) or any(
            map(self.covers_url, addresses(kind, values))
        )


def addresses(kind: PartKind, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the addresses of the page that a line tells of."""
    names: tuple[str, ...] = ("url", "final_url")
    if kind is PartKind.ARTICLE:
        names = ("url", "canonical_url")
        yield from values.get("aliases") or ()
        fetch = values.get("fetch") or {}
        yield from fetch.get("redirects") or ()
        if requested := fetch.get("requested_url"):
            yield requested
    for name in names:
        if url := values.get(name):
            yield url


def clean_report(report: Mapping[str, Any], erasures: Erasures) -> dict[str, Any]:
    """Return a run's report without what is erased: objects that tell of an erased page go, and
    texts that quote its address get what stands for it."""
    source = str(report.get("source", ""))

    def tells(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        url = value.get("url")
        return erasures.covers_article(source, value.get("article_id")) or (
            isinstance(url, str) and erasures.covers_url(url)
        )

    def cleaned(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: cleaned(x) for name, x in value.items()}
        if isinstance(value, list):
            return [cleaned(x) for x in value if not tells(x)]
        if isinstance(value, str) and "://" in value:
            words = value.split(" ")
            return " ".join(
                hidden_url(word) if erasures.covers_url(word.rstrip(":,;")) else word
                for word in words
            )
        return value

    return {name: cleaned(value) for name, value in report.items()}


def read_erasures(store: Store) -> Erasures:
    """Return the archive's orders; one listing, and a get for each order.

    Raises:
        ArchiveDamaged: an order was changed.
        StoreRefused, StoreUnavailable: the store.
    """
    keys = {entry.key for entry in store.list("erasures/")}
    orders = [key for key in sorted(keys) if key.endswith("/order.json")]
    done = [key.split("/")[1] for key in keys if key.endswith("/receipt.json")]
    return Erasures.of((Order.decode(key, store.get(key)) for key in orders), done)


def url_digest(url: str) -> str:
    """Return the SHA-256 of an address in canonical form, without scheme and ``www.``, in hex.

    >>> url_digest("http://www.example.org/a?utm_source=x") == url_digest("https://example.org/a")
    True
    >>> url_digest(hidden_url("https://example.org/a")) == url_digest("https://example.org/a")
    True
    """
    if url.startswith(HIDDEN):
        return base64.urlsafe_b64decode(url.removeprefix(HIDDEN) + "=").hex()
    try:
        spelling = canonicalize(url)
    except ValueError:
        spelling = url
    spelling = spelling.partition("://")[2] or spelling
    return hashlib.sha256(spelling.removeprefix("www.").encode(errors="replace")).hexdigest()


def hidden_url(url: str) -> str:
    """Return what stands for an erased address where there must be one.

    Source: RFC 6920 section 3 (``ni`` URIs: a digest as a name).

    >>> hidden_url("https://example.org/a")
    'ni:///sha-256;lFhCB_gH6QH6P0fqrz0_8-YuLtqvntzz16zPA5F0D1g'
    """
    digest = bytes.fromhex(url_digest(url))
    return HIDDEN + base64.urlsafe_b64encode(digest).decode().rstrip("=")
