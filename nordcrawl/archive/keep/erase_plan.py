"""Erase plan: which articles an order would take, before anything is done."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.order import (
    ERASED,
    Order,
    mentioned_addresses,
    own_addresses,
    url_digest,
)
from nordcrawl.archive.log.erasures import Erasures, read_erasures
from nordcrawl.archive.log.pieces import Pieces
from nordcrawl.archive.log.snapshot import LiveSegment, Snapshot
from nordcrawl.archive.log.wholeness import heads_told, take_whole
from nordcrawl.archive.store.protocol import Store
from nordcrawl.model.times import from_micros

_TEXT: Final = 200
"""Characters from which a text is nobody else's by chance; as in `nordcrawl.identity.decide`."""


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
    """Addresses asked for, and those of the articles that are no other article's."""
    only_mention: set[tuple[str, str]] = field(default_factory=set)
    """Articles that mention an address asked for, as their canonical one or a hop of a redirect;
    they are not in the plan."""
    lines: int = 0
    """Lines of articles and of the ledger that hold something of it."""
    parts: int = 0
    """Live parts that hold these."""
    after: tuple[str, ...] = ()
    """Ids of the latest orders that there are."""

    def order(self, reason: str, now: datetime) -> Order:
        """Return the order for it."""
        return Order(
            order_id=f"{now:%Y%m%dt%H%M%Sz}-{secrets.token_hex(3)}",
            ordered_at=now,
            reason=reason,
            articles=frozenset(self.articles),
            urls=frozenset(map(url_digest, self.urls)),
            texts=frozenset(text for article in self.articles.values() for text in article.texts),
            after=self.after,
        )


def plan_erasure(store: Store, urls: Iterable[str], articles: Iterable[str]) -> Plan:
    """Find what is to be erased for some addresses and article ids: whole articles, with all
    their revisions and addresses, and others that have the very same text.

    An address is that of an article if a page fetched from it was, in any run; one that is
    another article's, too, is not in the order unless it was asked for, which plans both. So an
    order covers no line of an article that is not planned. Reads the archive four times.

    Raises:
        ArchiveDamaged: as reading; or a log is not what somebody saw of it.
        StoreRefused, StoreUnavailable: the store.
    """
    plan = Plan(urls=set(urls), after=read_erasures(store).latest)
    wanted = set(articles)
    asked = Erasures(urls=frozenset(map(url_digest, plan.urls)))
    snapshot = take_whole(store, heads_told(store))  # no order for what could not be finished
    for _, kind, values in _values(store, snapshot):
        key = _article_of(kind, values)
        if key is None:
            continue
        if key[1] in wanted or any(map(asked.covers_url, own_addresses(kind, values))):
            plan.articles.setdefault(key, Erasable(*key))
        elif any(map(asked.covers_url, mentioned_addresses(kind, values))):
            plan.only_mention.add(key)
    _gather(store, snapshot, plan)
    if _add_same_texts(store, snapshot, plan):
        _gather(store, snapshot, plan)
    plan.only_mention -= plan.articles.keys()
    _spare_others(store, snapshot, plan)
    erasures = Erasures.of([plan.order("", _EPOCH)])
    parts = set()
    for piece, kind, values in _values(store, snapshot):
        if erasures.covers(kind, values):
            plan.lines += 1
            parts.add(piece.part.entry.key)
    plan.parts = len(parts)
    return plan


def _article_of(kind: PartKind, values: dict[str, Any]) -> tuple[str, str] | None:
    """Return source and id of the article that a line tells of; None for none, and a tombstone."""
    article_id = values.get("article_id")
    if not article_id or (kind is PartKind.ARTICLE and values.get("change") == ERASED):
        return None
    return values.get("source", ""), article_id


def _spare_others(store: Store, snapshot: Snapshot, plan: Plan) -> None:
    """Take the addresses out of the plan that are those of articles outside it, too."""
    digests = {url_digest(url) for url in plan.urls}
    others: set[str] = set()
    for _, kind, values in _values(store, snapshot):
        key = _article_of(kind, values)
        if key is not None and key not in plan.articles:
            others |= digests.intersection(map(url_digest, own_addresses(kind, values)))
    plan.urls = {url for url in plan.urls if url_digest(url) not in others}


_EPOCH: Final = from_micros(0)


def _gather(store: Store, snapshot: Snapshot, plan: Plan) -> None:
    """Collect titles, texts and addresses of the articles in the plan."""
    for _, kind, values in _values(store, snapshot):
        article = plan.articles.get((values.get("source", ""), values.get("article_id") or ""))
        if article is None:
            continue
        article.urls.update(own_addresses(kind, values))
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


def _values(
    store: Store, snapshot: Snapshot
) -> Iterator[tuple[LiveSegment, PartKind, dict[str, Any]]]:
    pieces = Pieces(store)
    for piece in snapshot.pieces:
        kind = piece.part.entry.kind
        if kind is PartKind.CAPTURE:  # of pages of which lines tell
            continue
        for values in pieces.values(piece):
            yield piece, kind, values
