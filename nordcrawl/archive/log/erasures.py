"""Erasure orders: what must not be in the archive any more, told without saying what it was.

An order names articles by their id, and addresses and texts by their SHA-256 only. It is put
before anything is erased, and stands for ever: readers leave out, crawlers do not archive and
maintenance takes out what it covers, whenever that came. A receipt beside it says that nothing of
it was left, and how far the logs were looked through. `nordcrawl.archive.keep.erase` does it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from nordcrawl.archive.format.commit import Heads, Segment
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.order import (
    ERASED,
    ERASED_URI,
    Order,
    hidden_url,
    own_addresses,
    url_digest,
)
from nordcrawl.archive.format.receipt import Receipt, parse_receipt_key
from nordcrawl.archive.log.follow import get_patiently
from nordcrawl.archive.log.snapshot import LivePart
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing


@dataclass(frozen=True, slots=True)
class Erasures:
    """All orders of an archive together."""

    orders: tuple[Order, ...] = ()
    articles: frozenset[tuple[str, str]] = frozenset()
    urls: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    open_orders: tuple[Order, ...] = field(default=(), compare=False)
    """Those without a receipt."""
    seen: Mapping[str, Mapping[str, int]] = field(default_factory=dict, compare=False)
    """Of each order the commits that its latest receipt has looked at, by writer."""
    receipts: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Of each order the highest number of a receipt, readable or not."""

    @classmethod
    def of(
        cls,
        orders: Iterable[Order],
        receipts: Iterable[Receipt] = (),
        numbers: Mapping[str, int] = MappingProxyType({}),
    ) -> Self:
        """Put orders together with their receipts and the highest number of these."""
        orders = tuple(orders)
        latest: dict[str, Receipt] = {}
        for receipt in sorted(receipts, key=lambda r: r.number):
            latest[receipt.order_id] = receipt
        return cls(
            orders=orders,
            articles=frozenset().union(*(order.articles for order in orders)),
            urls=frozenset().union(*(order.urls for order in orders)),
            texts=frozenset().union(*(order.texts for order in orders)),
            open_orders=tuple(order for order in orders if order.order_id not in latest),
            seen={order_id: receipt.seen for order_id, receipt in latest.items()},
            receipts=dict(numbers),
        )

    @property
    def latest(self) -> tuple[str, ...]:
        """Ids of the orders that no other one came after, sorted: mostly one."""
        named = {before for order in self.orders for before in order.after}
        return tuple(sorted({order.order_id for order in self.orders} - named))

    def looked_at(self, heads: Heads) -> Callable[[LivePart, Segment], bool]:
        """Return a function that says of a segment of a part whether all orders were carried out
        on it, so that it need not be looked at again.

        To be used for the parts that are live in the snapshot with these `heads`. A receipt
        counts if the snapshot knows all that it knew: then what is live was live there, too.
        """
        clean: dict[str, int] | None = None
        for order in self.orders:
            seen = self.seen.get(order.order_id, {})
            if any(heads.get(writer, (0, None))[0] < seq for writer, seq in seen.items()):
                seen = {}
            if clean is None:
                clean = dict(seen)
            else:
                clean = {w: min(seq, seen[w]) for w, seq in clean.items() if w in seen}
        known = clean or {}

        def is_clean(part: LivePart, segment: Segment) -> bool:
            if not self.orders:
                return True
            commit = part.commit
            return (
                segment.seq <= known.get(segment.writer, 0)
                and commit.seq <= known.get(commit.writer, 0)
            )  # fmt: skip

        return is_clean

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
        `nordcrawl.archive.local.checkpoint_rows.dump` yields it."""
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
    texts that quote its address get what stands for it.

    Raises:
        ValueError: it is nested too deeply to be looked through.
    """
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

    try:
        return {name: cleaned(value) for name, value in report.items()}
    except RecursionError:
        raise ValueError("nested too deeply") from None


class Orders:
    """The orders of an archive, each read once: they never change, and none is taken back."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._orders: dict[str, Order] = {}
        self._receipts: dict[str, Receipt | None] = {}

    def read(self) -> Erasures:
        """Return the orders as they are now; one listing, and a get for each new object.

        A receipt that can't be read is none; `nordcrawl verify` finds it.

        Raises:
            ArchiveDamaged: an order was changed.
            StoreRefused, StoreUnavailable: the store.
        """
        keys = sorted(entry.key for entry in self._store.list("erasures/"))
        for key in keys:
            if key.endswith("/order.json") and key not in self._orders:
                self._orders[key] = Order.decode(key, get_patiently(self._store, key))
            elif parse_receipt_key(key) and key not in self._receipts:
                self._receipts[key] = _receipt(self._store, key)
        numbers: dict[str, int] = {}
        for key in self._receipts:
            order_id, number = parse_receipt_key(key) or ("", 0)
            numbers[order_id] = max(number, numbers.get(order_id, 0))
        found = [receipt for receipt in self._receipts.values() if receipt is not None]
        return Erasures.of(self._orders.values(), found, numbers)


def _receipt(store: Store, key: str) -> Receipt | None:
    try:
        return Receipt.decode(key, get_patiently(store, key))
    except (ArchiveDamaged, ObjectMissing):
        return None


def read_erasures(store: Store) -> Erasures:
    """Return the archive's orders, once; see `Orders.read`.

    Raises:
        ArchiveDamaged: an order was changed.
        StoreRefused, StoreUnavailable: the store.
    """
    return Orders(store).read()
