"""The eraser: takes articles out of an archive, byte for byte, and leaves tombstones.

Order, rewrite, delete, receipt. The order is put first, so from then on readers leave out what it
covers and crawlers neither archive nor ship it. Killed anywhere, `finish` goes on: what is done
already is seen in the archive. The receipt is put when a look through every object that could
hold a line of it found nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from nordcrawl import __version__
from nordcrawl.archive import layout
from nordcrawl.archive.checkpoint import (
    Checkpoint,
    checkpoint_keys,
    put_checkpoint,
    read_rows,
)
from nordcrawl.archive.erasure import (
    ERASED,
    HIDDEN,
    Erasures,
    Order,
    addresses,
    clean_report,
    hidden_url,
    url_digest,
)
from nordcrawl.archive.layout import PartKind
from nordcrawl.archive.log import CommitKind, PartEntry, Segment
from nordcrawl.archive.maintenance import Maintainer, date_of
from nordcrawl.archive.snapshot import Part, Piece, Pieces, Snapshot, check_part
from nordcrawl.archive.store import Store
from nordcrawl.archive.wholeness import heads_told, take_whole
from nordcrawl.article import rfc3339
from nordcrawl.errors import ArchiveDamaged, ObjectMissing

logger = logging.getLogger(__name__)

_TEXT: Final = 200
"""Characters from which a text is nobody else's by chance; as in `nordcrawl.dedup`."""
_ROUNDS: Final = 5
"""Looks through the archive; each but the last finds what was committed during the one before."""
_UNDER_WAY: Final = timedelta(hours=1)
"""A part younger than this that no commit lists may be about to be committed."""


@dataclass(slots=True)
class Erasable:
    """An article that would be erased."""

    source: str
    article_id: str
    title: str | None = None
    revisions: int = 0
    urls: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    why: str = "asked for"


@dataclass(slots=True)
class Plan:
    """What an erasure would do; nothing is changed yet."""

    articles: dict[tuple[str, str], Erasable] = field(default_factory=dict)
    urls: set[str] = field(default_factory=set)
    """Addresses asked for, and those of the articles."""
    lines: int = 0
    """Lines of articles and of the ledger that hold something of it."""
    parts: int = 0
    """Live parts that hold these."""

    def order(self, reason: str, now: datetime) -> Order:
        """Return the order for it."""
        return Order(
            order_id=f"{now:%Y%m%dt%H%M%Sz}-{secrets.token_hex(3)}",
            ordered_at=now,
            reason=reason,
            articles=frozenset(self.articles),
            urls=frozenset(map(url_digest, self.urls)),
            texts=frozenset(text for article in self.articles.values() for text in article.texts),
        )


@dataclass(slots=True)
class Erased:
    """What an erasure did."""

    order_id: str
    lines: int = 0
    parts: int = 0
    tombstones: int = 0
    deleted: int = 0
    """Objects deleted."""
    reports: int = 0
    checkpoints: int = 0
    left: list[str] = field(default_factory=list)
    """Why it is not finished; empty if it is."""


def plan_erasure(store: Store, urls: Iterable[str], articles: Iterable[str]) -> Plan:
    """Find what is to be erased for some addresses and article ids: whole articles, with all
    their revisions and addresses, and others that have the very same text.

    An address is that of an article if a page fetched from it was, in any run. Reads the archive
    three times.

    Raises:
        ArchiveDamaged: as reading; or a log is not what somebody saw of it.
        StoreRefused, StoreUnavailable: the store.
    """
    plan = Plan(urls=set(urls))
    wanted = set(articles)
    asked = Erasures(urls=frozenset(map(url_digest, plan.urls)))
    snapshot = take_whole(store, heads_told(store))  # no order for what could not be finished
    for _, kind, values in _values(store, snapshot):
        key = (values.get("source", ""), values.get("article_id") or "")
        if not key[1] or values.get("change") == ERASED:
            continue
        strong = not values.get("weak_alias")
        if key[1] in wanted or (strong and any(map(asked.covers_url, addresses(kind, values)))):
            plan.articles.setdefault(key, Erasable(*key))
    _gather(store, snapshot, plan)
    if _add_same_texts(store, snapshot, plan):
        _gather(store, snapshot, plan)
    erasures = Erasures.of([plan.order("", _EPOCH)])
    parts = set()
    for piece, kind, values in _values(store, snapshot):
        if erasures.covers(kind, values):
            plan.lines += 1
            parts.add(piece.part.entry.key)
    plan.parts = len(parts)
    return plan


_EPOCH: Final = layout.from_micros(0)


def _gather(store: Store, snapshot: Snapshot, plan: Plan) -> None:
    """Collect titles, texts and addresses of the articles in the plan."""
    for _, kind, values in _values(store, snapshot):
        article = plan.articles.get((values.get("source", ""), values.get("article_id") or ""))
        if article is None:
            continue
        article.urls.update(addresses(kind, values))
        if kind is PartKind.ARTICLE and values.get("change") != ERASED:
            article.title = values.get("title") or article.title
            article.revisions = max(article.revisions, values["revision"])
            if len(values.get("text", "")) >= _TEXT:
                article.texts.add(values["text_sha256"])
    for article in plan.articles.values():
        plan.urls |= article.urls


def _add_same_texts(store: Store, snapshot: Snapshot, plan: Plan) -> bool:
    texts = {text for article in plan.articles.values() for text in article.texts}
    before = len(plan.articles)
    if texts:
        for _, kind, values in _values(store, snapshot):
            if kind is PartKind.ARTICLE and values.get("text_sha256") in texts:
                key = (values["source"], values["article_id"])
                plan.articles.setdefault(key, Erasable(*key, why="has the same text"))
    return len(plan.articles) > before


def _values(store: Store, snapshot: Snapshot) -> Iterator[tuple[Piece, PartKind, dict[str, Any]]]:
    pieces = Pieces(store)
    for piece in snapshot.pieces:
        for line in pieces.lines(piece):
            yield piece, piece.part.entry.kind, layout.decode_json(line)


def put_order(store: Store, order: Order) -> None:
    """Put an order; from here on it stands.

    Raises:
        StoreRefused, StoreUnavailable: the store; there is no order then.
    """
    store.put(order.key, order.encode(), content_type=layout.JSON_TYPE)


def finish(maintainer: Maintainer, order: Order) -> Erased:
    """Do what an order says, or the rest of it; put its receipt if nothing of it is left.

    Raises:
        ArchiveDamaged: a log has a hole, or is not what somebody saw of it: nothing was deleted.
            Or a part is not as committed.
        StoreRefused, StoreUnavailable: the store; run it again.
    """
    return _Eraser(maintainer, order).run()


class _Eraser:
    def __init__(self, maintainer: Maintainer, order: Order) -> None:
        self._maintainer = maintainer
        self._store = maintainer.store
        self._order = order
        self._erasures = Erasures.of([order])
        self._done = Erased(order.order_id)

    def run(self) -> Erased:
        heads = heads_told(self._store)
        for _ in range(_ROUNDS):
            snapshot = take_whole(self._store, heads)
            if not self._rewrite(snapshot):
                break
        else:
            self._done.left.append("a crawl goes on committing lines of it; run it again")
        self._delete_objects(take_whole(self._store, heads))
        self._rewrite_reports()
        self._rewrite_checkpoints()
        if not self._done.left:
            self._put_receipt()
        return self._done

    # --- parts ------------------------------------------------------------------------------

    def _rewrite(self, snapshot: Snapshot) -> bool:
        """Replace the parts that hold erased lines; tell whether there were any."""
        add: defaultdict[str, list[PartEntry]] = defaultdict(list)
        remove: defaultdict[str, list[Part]] = defaultdict(list)
        revisions: dict[tuple[str, str], int] = {}
        buried: set[tuple[str, str]] = set()
        for part in snapshot.live:
            entry = self._without(part, revisions, buried)
            if entry is not None:
                remove[part.commit.source].append(part)
                if entry.records:
                    add[part.commit.source].append(entry)
        for source in sorted({source for source, _ in self._order.articles} | remove.keys()):
            add[source] += self._tombstones(source, revisions, buried)
            if add[source] or remove[source]:
                self._maintainer.commit(
                    CommitKind.ERASE, source, self._order.order_id, add[source], remove[source]
                )
        return any(remove.values())

    def _without(
        self,
        part: Part,
        revisions: dict[tuple[str, str], int],
        buried: set[tuple[str, str]],
    ) -> PartEntry | None:
        """Return the entry of a part as it is to be, None if it holds nothing erased; one without
        records was not put."""
        try:
            body = self._store.get(part.entry.key)
        except ObjectMissing as error:
            raise ArchiveDamaged(f"{part.entry.key}: missing, but committed") from error
        check_part(part.entry, body)
        bodies: list[bytes] = []
        segments: list[Segment] = []
        offset = erased = 0
        for segment in part.commit.segments(part.entry):
            piece = body[offset : offset + segment.bytes]
            offset += segment.bytes
            lines = list(layout.unpack(piece))
            kept = [x for x in lines if not self._covers(part.entry.kind, x, revisions, buried)]
            if len(kept) < len(lines):
                erased += len(lines) - len(kept)
                piece = layout.pack(kept)
                segment = Segment(
                    origin=segment.origin,
                    writer=segment.writer,
                    seq=segment.seq,
                    committed_at=segment.committed_at,
                    sha256=hashlib.sha256(piece).hexdigest(),
                    bytes=len(piece),
                    records=len(kept),
                )
            bodies.append(piece)
            segments.append(segment)
        if not erased:
            return None
        self._done.lines += erased
        self._done.parts += 1
        kind, source = part.entry.kind, part.commit.source
        if not any(bodies):
            return PartEntry(part.entry.key, kind, "", 0, 0, 0, 0, "", "")
        return self._maintainer.add_part(
            kind, source, date_of(part.entry.key), b"".join(bodies), segments, [part.entry]
        )

    def _covers(
        self,
        kind: PartKind,
        line: bytes,
        revisions: dict[tuple[str, str], int],
        buried: set[tuple[str, str]],
    ) -> bool:
        values = layout.decode_json(line)
        key = (values.get("source", ""), values.get("article_id") or "")
        if kind is PartKind.ARTICLE and key in self._order.articles:
            revisions[key] = max(revisions.get(key, 0), values["revision"])
            if values.get("change") == ERASED:
                buried.add(key)
        return self._erasures.covers(kind, values)

    def _tombstones(
        self,
        source: str,
        revisions: Mapping[tuple[str, str], int],
        buried: set[tuple[str, str]],
    ) -> list[PartEntry]:
        """Put a part with the tombstones of this source's articles that have none yet."""
        now = self._maintainer.clock()
        missing = (
            sorted(key for key in self._order.articles if key[0] == source) if revisions else []
        )
        records = [
            tombstone(key, revisions[key] + 1, self._order, now)
            for key in missing
            if key in revisions and key not in buried
        ]
        if not records:
            return []
        self._done.tombstones += len(records)
        body = layout.pack(layout.encode_line(record) for record in records)
        key, number = self._maintainer.put_part(
            PartKind.ARTICLE, source, layout.utc_date(now), body
        )
        at = rfc3339(now) or ""
        return [
            PartEntry(
                key=key,
                kind=PartKind.ARTICLE,
                sha256=hashlib.sha256(body).hexdigest(),
                bytes=len(body),
                records=len(records),
                first_seq=number,
                last_seq=number,
                min_at=at,
                max_at=at,
            )
        ]

    # --- objects ----------------------------------------------------------------------------

    def _delete_objects(self, snapshot: Snapshot) -> None:
        """Delete parts that are not live: the ones replaced, and any other that holds a line."""
        live = {part.entry.key for part in snapshot.live}
        now = self._maintainer.clock()
        for prefix in ("articles-v1/", "ledger-v1/"):
            for entry in self._store.list(prefix):
                if entry.key in live or not layout.is_part_key(entry.key):
                    continue
                if entry.key not in snapshot.removed and not self._maintainer.owns(entry.key):
                    if not self._holds(entry.key):
                        continue
                    if entry.modified is not None and now - entry.modified < _UNDER_WAY:
                        self._done.left.append(
                            f"{entry.key} is not committed and may be about to be: run it again "
                            "after that crawl, or in an hour"
                        )
                        continue
                self._store.delete(entry.key)
                self._done.deleted += 1

    def _holds(self, key: str) -> bool:
        kind = PartKind.ARTICLE if key.startswith("articles-") else PartKind.LEDGER
        try:
            lines = layout.unpack(self._store.get(key))
            return any(self._erasures.covers(kind, layout.decode_json(line)) for line in lines)
        except (ValueError, ObjectMissing):
            return False

    def _rewrite_reports(self) -> None:
        """Take erased pages out of the reports' examples."""
        for entry in list(self._store.list("runs/")):
            if not entry.key.endswith(".json"):
                continue
            values = json.loads(self._store.get(entry.key))
            cleaned = clean_report(values, self._erasures)
            if cleaned == values:
                continue
            stem = entry.key.removeprefix("runs/").removesuffix(".json")
            key = layout.run_key(f"{stem}-{self._order.order_id.replace('-', '')}")
            cleaned.pop("sha256", None)
            body = layout.encode_sealed(cleaned)
            self._store.put(key, body, content_type=layout.JSON_TYPE)
            self._store.delete(entry.key)
            self._done.reports += 1

    def _rewrite_checkpoints(self) -> None:
        """Put checkpoints anew without the rows, then delete the old ones."""
        prefix = "checkpoints/"
        sources = {
            entry.key.split("/")[1].removeprefix("source=") for entry in self._store.list(prefix)
        }
        for source in sorted(sources):
            for key in checkpoint_keys(self._store, source):
                self._rewrite_checkpoint(source, Checkpoint.decode(key, self._store.get(key)))

    def _rewrite_checkpoint(self, source: str, checkpoint: Checkpoint) -> None:
        def kept() -> Iterator[dict[str, Any]]:
            for row in read_rows(self._store, checkpoint):
                if not self._row_tells(row, source):
                    yield row

        try:
            if sum(1 for _ in kept()) == checkpoint.records:
                return
            writer = checkpoint.name.rpartition("-")[2]
            made_at = checkpoint.made_at + timedelta(microseconds=1)
            put_checkpoint(self._store, source, kept(), checkpoint.heads, writer, made_at)
        except ArchiveDamaged as error:
            logger.warning("a checkpoint that can't be read is deleted: %s", error)
        for old in [*(part.key for part in checkpoint.parts), checkpoint.key]:
            self._store.delete(old)  # the manifest last: by it we find the rest if we are killed
        self._done.checkpoints += 1

    def _row_tells(self, row: Mapping[str, Any], source: str) -> bool:
        url = row.get("url")
        if row["table"] == "other":  # an article of another source, which its id begins with
            source = str(row["article_id"]).partition(":")[0]
        return self._erasures.covers_article(source, row.get("article_id")) or (
            isinstance(url, str) and not url.startswith(HIDDEN) and self._erasures.covers_url(url)
        )

    def _put_receipt(self) -> None:
        done = self._done
        body = layout.encode_sealed(
            {
                "format": "nordcrawl-erasure-receipt",
                "version": 1,
                "order_id": self._order.order_id,
                "finished_at": rfc3339(self._maintainer.clock()),
                "lines": done.lines,
                "tombstones": done.tombstones,
                "objects_deleted": done.deleted,
                "log": self._maintainer.head,
            }
        )
        if not self._store.exists(self._order.receipt_key):
            self._store.put(self._order.receipt_key, body, content_type=layout.JSON_TYPE)


def tombstone(key: tuple[str, str], revision: int, order: Order, now: datetime) -> dict[str, Any]:
    """Return the record that stands where an article was: its id, and nothing of it.

    Its status is 451, RFC 7725 section 3: unavailable for legal reasons.
    """
    source, article_id = key
    nothing = hashlib.sha256(b"").hexdigest()
    nowhere = hidden_url(f"{source} {article_id}")
    return {
        "schema": 1,
        "source": source,
        "article_id": article_id,
        "revision": revision,
        "change": ERASED,
        "url": nowhere,
        "canonical_url": nowhere,
        "aliases": [],
        "title": None,
        "subtitle": None,
        "kicker": None,
        "authors": [],
        "published_at": None,
        "modified_at": None,
        "language": None,
        "kind": None,
        "section": None,
        "tags": [],
        "blocks": [],
        "text": "",
        "images": [],
        "links": [],
        "translations": [],
        "paywalled": None,
        "text_sha256": nothing,
        "previous_text_sha256": None,
        "changed": None,
        "moved_from": None,
        "near_duplicate_of": None,
        "rights": {},
        "provenance": {},
        "fetch": {
            "requested_url": nowhere,
            "redirects": [],
            "status": 451,
            "fetched_at": rfc3339(now),
            "etag": None,
            "last_modified": None,
            "content_type": None,
            "bytes": 0,
            "body_sha256": nothing,
        },
        "extractor": {"name": "erasure", "version": "1", "nordcrawl": __version__},
        "run_id": order.order_id,
        "archived_at": rfc3339(now),
    }
