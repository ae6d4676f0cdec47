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
    hidden_url,
    own_addresses,
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

    def covers(self, kind: PartKind, values: Mapping[str, Any]) -> bool:
        """Return whether a line of the archive is to go; a tombstone stays."""
        if not self.orders:
            return False
        if kind is PartKind.ARTICLE and values.get("change") == ERASED:
            return False
        if kind is PartKind.LEDGER and str(values.get("url")).startswith(ERASED_URI):
            return False
        own = own_addresses(kind, values)
        return self.covers_page(values.get("source", ""), values.get("article_id"), own)

    def covers_row(self, source: str, row: Mapping[str, Any]) -> bool:
        """Return whether a row of a state or checkpoint of a source is to go; `row` as
        `nordcrawl.archive.local.state.State.rows` yields it."""
        article_id = row.get("article_id")
        if row["table"] == "other":  # an article of another source, which its id begins with
            source = str(article_id).partition(":")[0]
        own = [] if row.get("weak_alias") else [row.get("url")]
        return self.covers_page(
            source, article_id, (url for url in own if url and not url.startswith(ERASED_URI))
        )

    def covers_page(self, source: str, article_id: str | None, own: Iterable[str]) -> bool:
        """Return whether a page is erased: by the id of its article, or by an address of its own.

        This is the one rule for lines, rows, reports and pages. `own` are addresses of the page
        itself, see `own_addresses`; what is only mentioned there makes nobody the same article.
        """
        if self.covers_article(source, article_id):
            return True
        return bool(self.urls) and any(url_digest(url) in self.urls for url in own)

    def covers_url(self, url: str) -> bool:
        """Return whether an address of which nothing else is known is not to be archived."""
        return self.covers_page("", None, (url,))

    def covers_article(self, source: str, article_id: str | None) -> bool:
        """Return whether an article is erased."""
        return article_id is not None and (source, article_id) in self.articles

    def covers_text(self, text_sha256: str) -> bool:
        """Return whether a text is one of an erased article: it is not archived elsewhere."""
        return text_sha256 in self.texts


def clean_report(report: Mapping[str, Any], erasures: Erasures) -> dict[str, Any]:
    """Return a run's report without what is erased: objects that tell of an erased page go, and
    texts that quote its address get what stands for it."""
    source = str(report.get("source", ""))

    def tells(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        url = value.get("url")
        own = (url,) if isinstance(url, str) else ()
        return erasures.covers_page(source, value.get("article_id"), own)

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
