"""Erasure orders: what must not be in the archive any more, told without saying what it was.

An order names articles by their id, and addresses and texts by their SHA-256 only. It is put
before anything is erased, so that readers leave out at once what it covers and crawlers do not
archive it again; the receipt beside it says that nothing of it is left. `eraser` does the work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.order import (
    ERASED,
    ERASED_URI,
    Order,
    addresses,
    hidden_url,
    url_digest,
)
from nordcrawl.archive.store.protocol import Store


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
        if kind is PartKind.LEDGER and str(values.get("url")).startswith(ERASED_URI):
            return False
        return self.covers_article(values.get("source", ""), values.get("article_id")) or any(
            map(self.covers_url, addresses(kind, values))
        )


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
