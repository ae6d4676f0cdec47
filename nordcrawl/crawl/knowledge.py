"""Knowledge: what the archive's state and orders say of a URL and of an extracted page. Reads only.

Turns a page and its article into identity's `Candidate`, and the state into its `Known`. Decides
nothing: `nordcrawl.identity.decide` does.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from nordcrawl._version import __version__
from nordcrawl.archive.format.order import hidden_url
from nordcrawl.archive.write import State, Writer
from nordcrawl.crawl.entries import Around
from nordcrawl.extract.engine_version import VERSION
from nordcrawl.identity import decide, installation
from nordcrawl.identity.decide import Candidate, Known, Verdict
from nordcrawl.model import signature as near
from nordcrawl.model.article import Article, Likeness, Translation
from nordcrawl.model.ledger import ArticleState, UrlState
from nordcrawl.model.page import Visit
from nordcrawl.model.reading import Reading
from nordcrawl.sources.landing import Landing, landing
from nordcrawl.sources.source import Source

#: How the name of what this process extracts with ends, whatever the page's family.
EXTRACTOR = f"/{VERSION}/{__version__}"


class Knowledge:
    """One source's state and the archive's erasure orders, asked about one page at a time."""

    def __init__(
        self,
        source: Source,
        writer: Writer,
        stands: Callable[[str], bool],
        unconditional: Container[str] = (),
        lacks: Callable[[str], bool] = lambda url: False,
    ) -> None:
        self._source = source
        self._writer = writer
        self._state: State = writer.state
        self._stands = stands
        """Says whether a sitemap, feed or listing named an address in this run."""
        self._unconditional = unconditional
        """URLs that must be read again even if their bytes are the same."""
        self._lacks = lacks
        """Says whether the page of a URL is still to be kept, so must be sent whole."""
        self.is_first = not writer.state.counts()["urls"]
        """Nothing was known when the run began."""

    # --- a URL ------------------------------------------------------------------------------

    def url(self, url: str) -> UrlState | None:
        """Return what is remembered of a URL."""
        return self._state.url(url)

    def article_of(self, known: UrlState | None) -> ArticleState | None:
        """Return the article that a URL shows."""
        if known is None or known.article_id is None:
            return None
        return self._state.article(known.article_id)

    def fetched_at(self, article_id: str) -> datetime | None:
        """Return when the page of an article's latest revision was fetched, UTC."""
        return self._state.fetched_at(article_id)

    def known_body(self, url: str) -> str | None:
        """Return the digest of the body that this URL had when this very extractor read it."""
        known = self.url(url)
        return known.body_sha256 if known is not None and self._is_read(known) else None

    def validators(self, url: str) -> dict[str, str]:
        """Return the conditional headers for a URL: only where its article need not be read
        again. Source: RFC 9110 sections 13.1.2 and 13.1.3."""
        known = self.url(url)
        if known is None or known.body_sha256 is None or not self._is_read(known):
            return {}
        headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
        return {name: value for name, value in headers.items() if value}

    def is_erased(self, url: str) -> bool:
        """Return whether an address is one of an erased article, by an order or because its page
        turned out to be one."""
        erasures = self._writer.erasures
        if not erasures:
            return False
        return erasures.covers_url(url) or self.url(hidden_url(url)) is not None

    def is_covered(self, visit: Visit, reading: Reading, article_id: str) -> bool:
        """Return whether an erasure order covers a page: its article, its text, or the address that
        it has or was asked for by; not one on the way there."""
        erasures = self._writer.erasures
        if not erasures:
            return False
        own = visit.asked, visit.url
        return erasures.covers_page(self._source.name, article_id, own) or erasures.covers_text(
            reading.text_sha256
        )

    # --- a page -----------------------------------------------------------------------------

    def candidate(self, visit: Visit, reading: Reading) -> Candidate:
        """Return the page as dedup wants it."""
        canonical = self._canonical_url(reading.article, visit.url)
        return Candidate(self._source.name, visit, reading, canonical)

    def identity(self, candidate: Candidate) -> str:
        """Return the id of the article that the page is, as far as its address tells."""
        known = self._state.url(candidate.url)
        own = known.article_id if known and not known.weak_alias else None
        if (cms_id := candidate.cms_id) is None:
            return own or decide.article_id(candidate)
        if own is not None and candidate.visit.cms_id is None:
            return own  # what only the page tells takes no address from its article
        for told in (cms_id, installation.scoped(cms_id, candidate.url)):
            identity = decide.derived_id(self._source.name, candidate.url, told)
            before = self._state.article(identity)
            if before is None:
                return own or identity
            if installation.may_be(candidate, before, self._state.aliases(identity)):
                return identity
        return own or decide.derived_id(self._source.name, candidate.url, None)

    def known(self, candidate: Candidate, identity: str) -> Known:
        """Return what bears on the candidate."""
        state, reading = self._state, candidate.reading
        before = state.article(identity)
        titled = state.titled(reading.article.title or "")
        twin = self._twin(reading, titled, identity)
        known = Known(
            article=before,
            twin=twin,
            body_sha256=self._body_of(candidate.url),
            partners=self._partners(candidate.article, identity),
        )
        if before is not None:
            known = replace(
                known, aliases=self._aliases(candidate, before), standing=self._standing([before])
            )
            if before.content_sha256 == reading.content_sha256:
                return known
        nearest, same_story = self._near(reading.signature, identity)
        if before is not None:
            return replace(known, near=nearest)
        alike = {a.article_id: a for a in (*titled, *filter(None, map(state.article, same_story)))}
        if twin is not None:
            alike[twin.article_id] = twin
        return replace(
            known,
            near=nearest,
            redirected=tuple(self._redirected(candidate)),
            alike=tuple(alike.values()),
            standing=self._standing(alike.values()),
        )

    def around(self, candidate: Candidate, reading: Reading, verdict: Verdict) -> Around:
        """Return what stands in a record beside what its page says. `reading` is the candidate's,
        or what became of it since."""
        visit = candidate.visit
        return Around(
            canonical_url=candidate.canonical_url or visit.url,
            aliases=self.aliases(verdict.article_id, (visit.asked, *visit.passed), visit.url),
            translations=self._translations(reading.article, verdict.partners),
        )

    def aliases(self, article_id: str, passed: Iterable[str], final: str) -> tuple[str, ...]:
        """Return the addresses of an article but its own."""
        known = self._state.aliases(article_id)
        return tuple(a for a in dict.fromkeys([*known, *passed]) if a != final)

    # --- parts ------------------------------------------------------------------------------

    def _is_read(self, known: UrlState) -> bool:
        """Return whether the article that a URL shows was read by this very extractor, and need
        not be read again."""
        if known.url in self._unconditional or self._lacks(known.url):
            return False
        article = self.article_of(known)
        return article is not None and not article.gone and article.extractor.endswith(EXTRACTOR)

    def _canonical_url(self, article: Article, final: str) -> str | None:
        """Return the address that a page says it has, where that is one of this site."""
        if article.canonical_url is None or article.canonical_url == final:
            return article.canonical_url
        try:
            canonical = self._source.link(article.canonical_url, final)
        except ValueError:
            return None
        if not self._source.allows(canonical):
            return None
        # Some templates print the front page, or a section, as the canonical address of all pages.
        return canonical if landing(self._source, canonical) is Landing.ARTICLE else None

    def _translations(self, article: Article, partners: Iterable[str]) -> tuple[Translation, ...]:
        """Return the translations of an article with their ids, also those that name it and that
        it does not name itself."""
        found, named = [], set()
        for translation in article.translations:
            article_id = self._translation_id(translation)
            named.add(article_id)
            found.append(replace(translation, article_id=article_id))
        for article_id in partners:
            partner = self._state.article(article_id)
            if article_id not in named and partner is not None:
                found.append(Translation(partner.language or "und", partner.url, article_id))
        return tuple(found)

    def _partners(self, article: Article, identity: str) -> tuple[str, ...]:
        named = [self._translation_id(translation) for translation in article.translations]
        found = dict.fromkeys([*filter(None, named), *self._state.namers(identity)])
        return tuple(article_id for article_id in found if article_id != identity)

    def _translation_id(self, translation: Translation) -> str | None:
        """Return the id that the other language's page has, or will have when it comes."""
        try:
            url = self._source.link(translation.url)
        except ValueError:
            return None
        if not self._source.allows(url) or not self._source.is_article(url):
            return None
        known = self._state.url(url)
        if known and known.article_id and not known.weak_alias:
            return known.article_id
        return decide.derived_id(self._source.name, url, self._source.cms_id(url))

    def _near(self, signature: str | None, identity: str) -> tuple[Likeness | None, list[str]]:
        """Return the nearest article of any source, if near enough to be told, and the ids of those
        that are near enough to be the same story, but for those that still stand where they were:
        they have not moved, whatever else is known of them."""
        if signature is None:
            return None, []
        best: Likeness | None = None
        same: list[str] = []
        for neighbour in self._state.near(signature):
            if neighbour.article_id == identity:
                continue
            similarity = near.similarity(signature, neighbour.near)
            if similarity >= near.THRESHOLD and (best is None or similarity > best.similarity):
                best = Likeness(neighbour.article_id, similarity)
            if similarity >= near.SAME_STORY and not self._stands(neighbour.url):
                same.append(neighbour.article_id)
        return best, same

    def _twin(
        self, reading: Reading, titled: Iterable[ArticleState], identity: str
    ) -> ArticleState | None:
        """Return the article with the very same text: the one with the same title, else the one
        that had it first."""
        text = reading.text_sha256
        for article in titled:
            if article.text_sha256 == text and article.article_id != identity:
                return article
        owner = self._state.text_owner(text)
        return self._state.article(owner) if owner and owner != identity else None

    def _redirected(self, candidate: Candidate) -> Iterator[ArticleState]:
        for hop in candidate.visit.passed:
            known = self._state.url(hop)
            if known is not None and not known.weak_alias:
                article = self.article_of(known)
                if article is not None:
                    yield article

    def _aliases(self, candidate: Candidate, before: ArticleState) -> frozenset[str]:
        if candidate.url == before.url:
            return frozenset()
        return frozenset(self._state.aliases(before.article_id))

    def _standing(self, articles: Iterable[ArticleState]) -> frozenset[str]:
        return frozenset(article.url for article in articles if self._stands(article.url))

    def _body_of(self, url: str) -> str | None:
        known = self._state.url(url)
        return known.body_sha256 if known else None
