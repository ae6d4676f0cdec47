"""Moves: is this the article that the archive knows at another address? Pure.

A publisher moves an article (a new headline in its address), or all of them (a new system, as when
every address of a site changes at once). Evidence, in its order: the old address redirects here;
the title, the day of publication and the text agree. An address that still stands in a sitemap or
feed has not moved; what fits more than one article stays apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from nordcrawl.model import signature as near
from nordcrawl.model.article import Article, Likeness, Move, normalize
from nordcrawl.model.ledger import ArticleState
from nordcrawl.model.page import Visit
from nordcrawl.model.reading import Reading

#: Shorter texts say too little to take two addresses for one article ("Video", a live stub).
MIN_TEXT_CHARACTERS = 200
#: And under another title, or of another day, these do.
MIN_STORY_CHARACTERS = 1000
#: Times of publication of one story as two systems print them differ by a zone at most.
_SAME_DAY = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An extracted page that wants into the archive."""

    source: str
    visit: Visit
    reading: Reading
    canonical_url: str | None = None
    """What the page says is its address, in canonical form, where that is on the site."""

    @property
    def url(self) -> str:
        """Where the page came from, after redirects, in canonical form."""
        return self.visit.url

    @property
    def article(self) -> Article:
        """What it says."""
        return self.reading.article

    @property
    def cms_id(self) -> str | None:
        """The CMS's id: from the final address, else from the page."""
        return self.visit.cms_id or self.article.cms_id


@dataclass(frozen=True, slots=True)
class Known:
    """What the archive's state says that bears on a candidate."""

    article: ArticleState | None = None
    """The article of the candidate's `article_id`."""
    twin: ArticleState | None = None
    """The article of this source that holds the very same text, if that is another one."""
    body_sha256: str | None = None
    """Of the last time this address was extracted."""
    aliases: frozenset[str] = frozenset()
    """All addresses known of `article`."""
    redirected: tuple[ArticleState, ...] = ()
    """Articles whose addresses were passed on the way here."""
    alike: tuple[ArticleState, ...] = ()
    """Articles of this source with this title, or with a text that is nearly this one."""
    standing: frozenset[str] = frozenset()
    """Own addresses of all these that a sitemap, feed or listing named in this run."""
    near: Likeness | None = None
    """The article of any source whose text is nearest, if near enough to be told."""
    partners: tuple[str, ...] = ()
    """Ids of the articles that are the candidate's translations."""


@dataclass(frozen=True, slots=True)
class Match:
    """The article that the candidate is, and what shows it."""

    article: ArticleState
    evidence: tuple[str, ...]
    """Of ``redirect``, ``canonical``, ``title``, ``day``, ``text``."""
    similarity: float | None = None
    """Of the two texts, 0 to 1; None where it could not be told."""
    article_is_old: bool = False
    """It had another id: the site's system changed."""

    @property
    def move(self) -> Move:
        """What the record says of it."""
        return Move(self.article.url, self.evidence, self.similarity)

    @property
    def reason(self) -> str:
        """The words for the ledger."""
        text = f", texts alike {self.similarity:.2f}" if self.similarity is not None else ""
        return f"moved from {self.article.url} ({', '.join(self.evidence)}{text})"


def find_before(candidate: Candidate, known: Known) -> Match | tuple[ArticleState, ...]:
    """Return the article of another id that the candidate is; or those, none or several, that it
    may be and that it is kept apart from."""
    for article in known.redirected:
        match = _compare(candidate, article)
        # Old addresses may all lead to one landing page: the page must agree.
        if match is not None and {"title", "text"} & set(match.evidence):
            evidence = ("redirect", *match.evidence)
            return Match(article, evidence, match.similarity, article_is_old=True)
    found = []
    for article in known.alike:
        if article.url in known.standing:
            continue
        match = _compare(candidate, article)
        if match is None or not {"day", "text"} <= set(match.evidence):
            continue
        if "title" in match.evidence or is_one_text(candidate, article):
            found.append(match)
    if len(found) == 1:
        return found[0]
    return tuple(match.article for match in found)


def is_one_text(candidate: Candidate, article: ArticleState) -> bool:
    """Return whether a page has the very text of an article, and so is that article.

    Under another title, or of another day, a text is the same story only if it is long and there to
    be read: one stub ("For subscribers") may stand for many stories.
    """
    page = candidate.article
    if candidate.reading.text_sha256 != article.text_sha256:
        return False
    least = MIN_TEXT_CHARACTERS
    days = page.published_at, article.published_at
    other_title = page.title and article.title and _key(page.title) != _key(article.title)
    if other_title or (all(days) and not _same_day(*days)):
        if page.paywalled:
            return False
        least = MIN_STORY_CHARACTERS
    return len(page.text) >= least


def _key(title: str | None) -> str:
    return normalize(title or "").casefold()


def has_moved(candidate: Candidate, before: ArticleState, known: Known) -> Match | None:
    """Return how it is known that an article has a new address; None if it has not, or if the
    address is just another one of its own."""
    if address(candidate.url) == address(before.url):
        return None
    evidence = []
    if before.url in candidate.visit.passed:
        evidence.append("redirect")
    elif candidate.url in known.aliases or before.url in known.standing:
        return None
    if candidate.canonical_url and address(candidate.canonical_url) == address(candidate.url):
        evidence.append("canonical")
    if not evidence:
        return None
    return Match(before, tuple(evidence), _similarity(candidate, before))


def _compare(candidate: Candidate, article: ArticleState) -> Match | None:
    """Return what of title, day and text agrees; None if languages differ."""
    page = candidate.article
    if page.language and article.language and page.language != article.language:
        return None
    evidence = []
    if page.title and _key(page.title) == _key(article.title):
        evidence.append("title")
    if _same_day(page.published_at, article.published_at):
        evidence.append("day")
    similarity = _similarity(candidate, article)
    if similarity is not None and similarity >= near.SAME_STORY:
        evidence.append("text")
    return Match(article, tuple(evidence), similarity, article_is_old=True)


def _similarity(candidate: Candidate, article: ArticleState) -> float | None:
    if candidate.reading.text_sha256 == article.text_sha256:
        return 1.0
    if candidate.reading.signature is None or article.near is None:
        return None
    return near.similarity(candidate.reading.signature, article.near)


def _same_day(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= _SAME_DAY


def address(url: str) -> str:
    """Return a URL without what is no difference: scheme, ``www.``, the last slash.

    >>> address("https://www.example.org/a/") == address("http://example.org/a")
    True
    """
    return url.partition("://")[2].removeprefix("www.").rstrip("/")
