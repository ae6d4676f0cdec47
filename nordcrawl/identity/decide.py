"""Decide: an extracted article and what is known -> what it is to the archive. Pure.

Identity: the CMS's id where the address or page has one, else the address itself. A canonical
link alone never merges two texts, because sites lie; agreement of the text does. `moved` tells an
article at a new address from a new article.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from nordcrawl.identity.moved import (
    MIN_TEXT_CHARACTERS,
    Candidate,
    Known,
    Match,
    address,
    find_before,
    has_moved,
    is_one_text,
)
from nordcrawl.model.article import Extractor, Likeness
from nordcrawl.model.ledger import ArticleState, Outcome, UrlState
from nordcrawl.model.reading import Reading

__all__ = [
    "MIN_TEXT_CHARACTERS",
    "Candidate",
    "Known",
    "Match",
    "Verdict",
    "article_id",
    "changed_fields",
    "decide",
    "derived_id",
    "extractor_id",
    "removal",
    "reread",
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the candidate is: `outcome` for the ledger; with `change` a record is due."""

    outcome: Outcome
    article_id: str
    revision: int
    reason: str
    change: str | None = None
    before: ArticleState | None = None
    """The revision that the record follows; without `change` the one that still holds."""
    moved: Match | None = None
    """Which address it had before, and how that is known."""
    near: Likeness | None = None
    """The article whose text is nearly this one's."""
    ambiguous: tuple[str, ...] = ()
    """Ids of articles that this one may be, more than one: it stays apart."""
    weak_alias: bool = False
    partners: tuple[str, ...] = ()
    """Ids of the articles that are its translations, as far as they are known."""
    changed: tuple[str, ...] = ()
    """Names of the fields that are other than in `before`."""
    candidate: Candidate | None = field(default=None, repr=False)
    """What was judged; None of a removal, which has no page."""

    @property
    def previous_text_sha256(self) -> str | None:
        """Digest of the text before."""
        return self.before.text_sha256 if self.before else None


def article_id(candidate: Candidate) -> str:
    """Return the stable id that a candidate's address or page gives it; see `derived_id`."""
    return derived_id(candidate.source, candidate.url, candidate.cms_id)


def derived_id(source: str, url: str, cms_id: str | None) -> str:
    """Return the stable id: ``source:cms-id``, else ``source:u-`` and 16 hex of the address.

    Scheme and a leading ``www.`` are left out of the address: http and https, www and bare host
    are one site.
    """
    if cms_id:
        return f"{source}:{cms_id}"
    return f"{source}:u-{hashlib.sha256(address(url).encode()).hexdigest()[:16]}"


def extractor_id(extractor: Extractor) -> str:
    """Return how state names what extracted: the same id gives the same article of a page."""
    return f"{extractor.name}/{extractor.version}/{extractor.nordcrawl}"


def decide(candidate: Candidate, known: Known, identity: str) -> Verdict:
    """Return what the candidate is; `identity` is its `article_id`, or that of the article which
    its address is already known to belong to."""
    verdict = _decide(candidate, known, identity)
    return replace(verdict, candidate=candidate, partners=known.partners)


def _decide(candidate: Candidate, known: Known, identity: str) -> Verdict:
    before, moved = known.article, None
    ambiguous: tuple[str, ...] = ()
    if before is None:
        match = find_before(candidate, known)
        if isinstance(match, Match):
            before, moved = match.article, match
        elif match:
            ambiguous = tuple(article.article_id for article in match)
    if before is None:
        return _first_sight(candidate, known, identity, ambiguous)
    if moved is None:
        moved = has_moved(candidate, before, known)
    elif moved.article.url == candidate.url:
        moved = None
    return _next_sight(candidate, known, before, moved)


def reread(candidate: Candidate, known: Known, before: ArticleState) -> Verdict:
    """Return what a page that the archive has is, read again: a revision of the article `before`
    that it showed when it was read last, if the content is another now, and else nothing.

    The page is the same, so nothing else can have happened to its article; which one it is was
    decided when it came.
    """
    reading = candidate.reading
    if reading.content_sha256 == before.content_sha256:
        return Verdict(
            Outcome.UNCHANGED, before.article_id, before.revision, "read again: same content",
            before=before, partners=before.partners, candidate=candidate,
        )  # fmt: skip
    changed = tuple(changed_fields(before, reading))
    return Verdict(
        Outcome.UPDATED,
        before.article_id,
        before.revision + 1,
        f"read again: other {', '.join(changed) or 'content'}",
        change="reextracted",
        before=before,
        near=known.near,
        partners=known.partners,
        changed=changed,
        candidate=candidate,
    )


def _first_sight(
    candidate: Candidate, known: Known, identity: str, ambiguous: tuple[str, ...]
) -> Verdict:
    if known.twin is not None and is_one_text(candidate, known.twin):
        return Verdict(
            Outcome.DUPLICATE,
            known.twin.article_id,
            known.twin.revision,
            f"same text as {known.twin.url}",
            weak_alias=True,
        )
    reason = "first seen"
    if ambiguous:
        reason = f"first seen; may be any of {', '.join(ambiguous)}"
    return Verdict(
        Outcome.NEW, identity, 1, reason, change="new", near=known.near, ambiguous=ambiguous
    )


def _next_sight(
    candidate: Candidate, known: Known, before: ArticleState, moved: Match | None
) -> Verdict:
    identity, revision = before.article_id, before.revision + 1
    if candidate.reading.content_sha256 != before.content_sha256:
        change, reason = _change(candidate, before, known.body_sha256)
        outcome = Outcome.UPDATED
        if moved is not None and moved.article_is_old:
            # Another system prints the same story a little differently: that is the move.
            change, outcome = "moved", Outcome.MOVED
        if moved is not None:
            reason = f"{moved.reason}; {reason}"
    elif moved is not None:
        outcome, change, reason = Outcome.MOVED, "moved", moved.reason
    elif before.gone:
        outcome, change, reason = Outcome.UPDATED, "updated", "there again, as it was"
    elif new := set(known.partners) - set(before.partners):
        outcome, change = Outcome.UPDATED, "linked"
        reason = f"its translation is {', '.join(sorted(new))}"
    elif candidate.url == before.url and candidate.visit.asked == candidate.url:
        return Verdict(Outcome.UNCHANGED, identity, before.revision, "same content", before=before)
    else:
        same = f"same article as {before.url}"
        return Verdict(Outcome.DUPLICATE, identity, before.revision, same)
    return Verdict(
        outcome,
        identity,
        revision,
        reason,
        change=change,
        before=before,
        moved=moved,
        near=known.near,
        changed=tuple(changed_fields(before, candidate.reading)),
    )


def _change(candidate: Candidate, before: ArticleState, body_sha256: str | None) -> tuple[str, str]:
    article, reading = candidate.article, candidate.reading
    if extractor_id(article.extractor) != before.extractor and reading.body_sha256 == body_sha256:
        return "reextracted", "the same bytes, read by another version"
    what = "text" if reading.text_sha256 != before.text_sha256 else "metadata"
    moved = (
        article.modified_at is not None
        and before.modified_at is not None
        and article.modified_at > before.modified_at
    ) or (article.modified_at is not None and before.modified_at is None)
    if moved:
        return "updated", f"{what} changed, modified time moved"
    return "silent_edit", f"{what} changed, modified time did not"


def removal(url: str, known: UrlState | None, article: ArticleState | None) -> Verdict | None:
    """Return what it means that nothing is at an address any more; None where that is only a
    failed fetch: no article's own address, or the first sight of it.

    Two sights, in two runs, because one may be the server's bad day.
    """
    if known is None or article is None or known.weak_alias or article.url != url:
        return None
    if article.gone:
        return Verdict(
            Outcome.UNCHANGED, article.article_id, article.revision, "still gone from the site"
        )
    if not known.times_gone:
        return None
    return Verdict(
        Outcome.REMOVED,
        article.article_id,
        article.revision + 1,
        "gone from the site, seen twice",
        change="removed",
        before=article,
    )


def changed_fields(before: ArticleState, reading: Reading) -> list[str]:
    """Return the names of the fields that are other than in a revision, in the record's order.

    Of a revision that told no digests (nordcrawl 0.1) only the text can be compared.
    """
    now = reading.fields
    if not before.fields:
        return ["text"] if before.text_sha256 != reading.text_sha256 else []
    names = dict.fromkeys([*now, *before.fields])
    return [name for name in names if now.get(name) != before.fields.get(name)]
