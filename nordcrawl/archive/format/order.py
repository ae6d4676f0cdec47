"""Order: what is to be erased, and the tombstone that is left of a line."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Self

from nordcrawl._version import __version__
from nordcrawl.archive.format import keys
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.sealed import Sealed, time_of
from nordcrawl.model.article import Article, Extractor
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading
from nordcrawl.model.record import Record
from nordcrawl.model.times import rfc3339
from nordcrawl.model.url import canonicalize

ERASED: Final = "erased"
"""The `change` of a tombstone."""


ERASED_URI: Final = "ni:///sha-256;"
"""How an address begins that stands for an erased one."""


@dataclass(frozen=True, slots=True)
class Order(Sealed):
    """What is to be erased; everything that tells of a person is a digest."""

    FORMAT: ClassVar = "nordcrawl-erasure"
    WHAT: ClassVar = "an erasure order"

    order_id: str
    ordered_at: datetime
    reason: str
    articles: frozenset[tuple[str, str]]
    """(source, article id)."""
    urls: frozenset[str]
    """`url_digest` of each address that the articles had."""
    texts: frozenset[str]
    """`text_sha256` of their texts, of 200 characters or more: not to come back elsewhere."""
    after: tuple[str, ...] = ()
    """Ids of the latest orders before it, by which one that is lost is missed."""

    @property
    def key(self) -> str:
        """Where it lies."""
        return keys.erasure_key(self.order_id, "order")

    @property
    def receipt_key(self) -> str:
        """Where its receipt lies, once all is done."""
        return keys.erasure_key(self.order_id, "receipt")

    def to_json(self) -> dict[str, Any]:
        """Return what it says."""
        return {
            "order_id": self.order_id,
            "ordered_at": rfc3339(self.ordered_at),
            "reason": self.reason,
            "articles": [
                {"source": source, "article_id": article_id}
                for source, article_id in sorted(self.articles)
            ],
            "url_sha256": sorted(self.urls),
            "text_sha256": sorted(self.texts),
            "after": sorted(self.after),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read it back."""
        return cls(
            order_id=values["order_id"],
            ordered_at=time_of(values, "ordered_at"),
            reason=values["reason"],
            articles=frozenset((x["source"], x["article_id"]) for x in values["articles"]),
            urls=frozenset(values["url_sha256"]),
            texts=frozenset(values["text_sha256"]),
            after=tuple(map(str, values.get("after", ()))),
        )


def own_addresses(kind: PartKind, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the addresses that belong to the page that a line tells of, and so to its article.

    Not what a site merely says of it or passes on the way: a canonical address (a template may
    name the front page in every article), the hops of a redirect (a login, a question of
    consent), other articles' addresses that had the same text once (weak aliases).
    """
    if kind is PartKind.QUARANTINE:
        yield from own_addresses(PartKind.ARTICLE, values.get("record") or {})
        yield from own_addresses(PartKind.LEDGER, values.get("ledger") or {})
        return
    if kind is not PartKind.LEDGER:
        names: tuple[str, ...] = ("url",)
        if requested := (values.get("fetch") or {}).get("requested_url"):
            yield requested
    else:
        names = () if values.get("weak_alias") else ("url", "final_url")
    for name in names:
        if url := values.get(name):
            yield url


def mentioned_addresses(kind: PartKind, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the addresses that a line mentions and that are not `own_addresses`."""
    if kind is PartKind.QUARANTINE:
        yield from mentioned_addresses(PartKind.ARTICLE, values.get("record") or {})
        yield from mentioned_addresses(PartKind.LEDGER, values.get("ledger") or {})
        return
    if kind is not PartKind.LEDGER:
        yield from values.get("aliases") or ()
        yield from (values.get("fetch") or {}).get("redirects") or ()
        if url := values.get("canonical_url"):
            yield url
    elif values.get("weak_alias"):
        yield from filter(None, (values.get("url"), values.get("final_url")))


def url_digest(url: str) -> str:
    """Return the SHA-256 of an address in canonical form, without scheme and ``www.``, in hex.

    >>> url_digest("http://www.example.org/a?utm_source=x") == url_digest("https://example.org/a")
    True
    >>> url_digest(hidden_url("https://example.org/a")) == url_digest("https://example.org/a")
    True
    """
    with suppress(ValueError):  # a page may have written it, and then stands for itself
        if url.startswith(ERASED_URI):
            digest = base64.urlsafe_b64decode(url.removeprefix(ERASED_URI) + "=")
            if len(digest) == hashlib.sha256().digest_size:
                return digest.hex()
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
    return _named(bytes.fromhex(url_digest(url)))


def set_url(urls: Iterable[str]) -> str:
    """Return what names a set of addresses, in any order, in the place of an address: the digest
    of the sorted addresses, an LF after each.

    >>> set_url(["https://b.example/", "https://a.example/"])
    'ni:///sha-256;X9KFAIkvBbr0ulZwjKGbRdbsWpehMoZ2bkPTN7_FjX8'
    """
    lines = "".join(f"{url}\n" for url in sorted(urls))
    return _named(hashlib.sha256(lines.encode(errors="replace")).digest())


def _named(digest: bytes) -> str:
    return ERASED_URI + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def tombstone(key: tuple[str, str], revision: int, order: Order, now: datetime) -> dict[str, Any]:
    """Return the record that stands where an article was: its id, and nothing of it.

    Its status is 451, RFC 7725 section 3: unavailable for legal reasons.
    """
    source, article_id = key
    nowhere = hidden_url(f"{source} {article_id}")
    nothing = Article(title=None, blocks=(), extractor=Extractor("erasure", "1", __version__))
    page = Page(nowhere, b"", now, status=451)
    return Record(
        source=source,
        article_id=article_id,
        revision=revision,
        change=ERASED,
        reading=Reading.of(nothing, page.body_sha256),
        page=page,
        canonical_url=nowhere,
        aliases=(),
        previous_text_sha256=None,
        run_id=order.order_id,
        archived_at=now,
    ).to_json()
