"""Dedup: an extracted article and what is known -> what it is to the archive. Pure.

Identity: the CMS's id where the address or page has one, else the address itself. A canonical
link alone never merges two texts, because sites lie; agreement of the text does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from nordcrawl.article import Article, Extractor
from nordcrawl.ledger import ArticleState, Outcome

#: Shorter texts say too little to take two addresses for one article ("Video", a live stub).
MIN_TEXT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """An extracted page that wants into the archive; addresses in canonical form."""

    source: str
    url: str
    """Where the page came from, after redirects."""
    requested_url: str
    article: Article
    body_sha256: str
    cms_id: str | None
    """From the final address, else from the page."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the archive's state says that bears on a candidate."""

    article: ArticleState | None
    """The article of the candidate's `article_id`."""
    twin: ArticleState | None
    """The article of this source that holds the very same text, if that is another one."""
    body_sha256: str | None
    """Of the last time this address was extracted."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the candidate is: `outcome` for the ledger; with `change` a record is due."""

    outcome: Outcome
    article_id: str
    revision: int
    reason: str
    change: str | None = None
    previous_text_sha256: str | None = None
    weak_alias: bool = False


def article_id(candidate: Candidate) -> str:
    """Return the stable id: ``source:cms-id``, else ``source:u-`` and 16 hex of the address.

    Scheme and a leading ``www.`` are left out of the address: http and https, www and bare host
    are one site.
    """
    if candidate.cms_id:
        return f"{candidate.source}:{candidate.cms_id}"
    address = candidate.url.partition("://")[2].removeprefix("www.").rstrip("/")
    return f"{candidate.source}:u-{hashlib.sha256(address.encode()).hexdigest()[:16]}"


def extractor_id(extractor: Extractor) -> str:
    """Return how state names what extracted: the same id gives the same article of a page."""
    return f"{extractor.name}/{extractor.version}/{extractor.nordcrawl}"


def decide(candidate: Candidate, known: Known, identity: str) -> Verdict:
    """Return what the candidate is; `identity` is its `article_id`, or that of the article which
    its address is already known to belong to."""
    article, before = candidate.article, known.article
    if before is None:
        if known.twin is not None and len(article.text) >= MIN_TEXT_CHARACTERS:
            return Verdict(
                Outcome.DUPLICATE,
                known.twin.article_id,
                known.twin.revision,
                f"same text as {known.twin.url}",
                weak_alias=True,
            )
        return Verdict(Outcome.NEW, identity, 1, "first seen", change="new")
    if article.content_sha256 == before.content_sha256:
        if candidate.url == before.url and candidate.requested_url == candidate.url:
            return Verdict(Outcome.UNCHANGED, identity, before.revision, "same content")
        same = f"same article as {before.url}"
        return Verdict(Outcome.DUPLICATE, identity, before.revision, same)
    change, reason = _change(candidate, before, known.body_sha256)
    return Verdict(
        Outcome.UPDATED,
        identity,
        before.revision + 1,
        reason,
        change=change,
        previous_text_sha256=before.text_sha256,
    )


def _change(candidate: Candidate, before: ArticleState, body_sha256: str | None) -> tuple[str, str]:
    article = candidate.article
    if extractor_id(article.extractor) != before.extractor and candidate.body_sha256 == body_sha256:
        return "reextracted", "the same bytes, read by another version"
    what = "text" if article.text_sha256 != before.text_sha256 else "metadata"
    moved = (
        article.modified_at is not None
        and before.modified_at is not None
        and article.modified_at > before.modified_at
    ) or (article.modified_at is not None and before.modified_at is None)
    if moved:
        return "updated", f"{what} changed, modified time moved"
    return "silent_edit", f"{what} changed, modified time did not"
