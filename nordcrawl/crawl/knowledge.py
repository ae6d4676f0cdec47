"""Knowledge: what the archive's state says that bears on an extracted page. Reads only.

Turns a page and its article into identity's `Candidate`, and the state into its `Known`. Decides
nothing: `nordcrawl.identity.decide` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from nordcrawl.archive.write import State
from nordcrawl.identity import decide
from nordcrawl.identity.decide import Candidate, Known, Verdict
from nordcrawl.model import signature as near
from nordcrawl.model.article import Article, Likeness, Translation
from nordcrawl.model.ledger import ArticleState, UrlState
from nordcrawl.model.page import Page
from nordcrawl.sources.source import Source


class Knowledge:
    """One source's state, asked about one page at a time."""

    def __init__(self, source: Source, state: State, stands: Callable[[str], bool]) -> None:
        self._source = source
        self._state = state
        self._stands = stands
        """Tells whether a sitemap, feed or listing named an address in this run."""

    def candidate(self, url: str, page: Page, article: Article) -> Candidate:
        """Return the page as dedup wants it; the text's signature is left out, because of most
        pages nothing is new."""
        final = self._source.link(page.url)
        return Candidate(
            source=self._source.name,
            url=final,
            requested_url=url,
            article=article,
            body_sha256=page.body_sha256,
            cms_id=self._source.cms_id(final) or article.cms_id,
            hops=tuple(self._links([url, *page.redirects], final)),
            canonical_url=self.canonical_url(article, final),
        )

    def identity(self, candidate: Candidate) -> str:
        """Return the id of the article that the page is, as far as its address tells."""
        derived = decide.article_id(candidate)
        if candidate.cms_id and self._state.article(derived):
            return derived
        known = self._state.url(candidate.url)
        if known and known.article_id and not known.weak_alias:
            return known.article_id
        return derived

    def known(self, candidate: Candidate, identity: str) -> tuple[Candidate, Known]:
        """Return what bears on the candidate, which comes back with what it takes to compare."""
        state, article = self._state, candidate.article
        before = state.article(identity)
        owner = state.text_owner(article.text_sha256)
        twin = state.article(owner) if owner and owner != identity else None
        candidate = replace(candidate, partners=self._partners(article, identity))
        known = Known(article=before, twin=twin, body_sha256=self._body_of(candidate.url))
        if before is not None and before.content_sha256 == article.content_sha256:
            return candidate, replace(
                known, aliases=self._aliases(candidate, before), standing=self._standing([before])
            )
        candidate = replace(candidate, signature=near.signature(article.text))
        nearest, same_story = self._near(candidate, identity)
        if before is not None:
            known = replace(
                known, aliases=self._aliases(candidate, before), standing=self._standing([before])
            )
        else:
            redirected = tuple(self._redirected(candidate))
            alike = {a.article_id: a for a in (*state.titled(article.title or ""), *same_story)}
            if twin is not None:
                alike[twin.article_id] = twin
            known = replace(
                known,
                redirected=redirected,
                alike=tuple(alike.values()),
                standing=self._standing(alike.values()),
            )
        return candidate, replace(known, near=nearest)

    def signature(self, article: Article, verdict: Verdict) -> str | None:
        """Return the signature of an article's text, which its verdict may have needed already."""
        if verdict.candidate is not None and verdict.candidate.signature is not None:
            return verdict.candidate.signature
        before = verdict.before
        if before is not None and before.text_sha256 == article.text_sha256 and before.near:
            return before.near
        return near.signature(article.text)

    def canonical_url(self, article: Article, final: str) -> str | None:
        """Return the address that a page says it has, where that is one of this site."""
        if article.canonical_url is None:
            return None
        try:
            canonical = self._source.link(article.canonical_url, final)
        except ValueError:
            return None
        return canonical if self._source.allows(canonical) else None

    def translations(self, article: Article, partners: Iterable[str]) -> tuple[Translation, ...]:
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

    def aliases(self, article_id: str, hops: Iterable[str], final: str) -> tuple[str, ...]:
        """Return the addresses of an article but its own."""
        known = self._state.aliases(article_id)
        return tuple(a for a in dict.fromkeys([*known, *hops]) if a != final)

    def article_of(self, known: UrlState | None) -> ArticleState | None:
        """Return the article that a URL shows."""
        if known is None or known.article_id is None:
            return None
        return self._state.article(known.article_id)

    # --- parts ------------------------------------------------------------------------------

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

    def _near(
        self, candidate: Candidate, identity: str
    ) -> tuple[Likeness | None, list[ArticleState]]:
        """Return the nearest article of any source, if near enough to be told, and those of this
        source that are near enough to be the same story."""
        if candidate.signature is None:
            return None, []
        best: Likeness | None = None
        same: list[ArticleState] = []
        for neighbour in self._state.near(candidate.signature):
            if neighbour.article_id == identity:
                continue
            similarity = near.similarity(candidate.signature, neighbour.near)
            if similarity >= near.THRESHOLD and (best is None or similarity > best.similarity):
                best = Likeness(neighbour.article_id, similarity)
            if similarity >= near.SAME_STORY:
                own = self._state.article(neighbour.article_id)
                if own is not None:
                    same.append(own)
        return best, same

    def _redirected(self, candidate: Candidate) -> Iterator[ArticleState]:
        for hop in candidate.hops:
            known = self._state.url(hop)
            if known is not None and not known.weak_alias:
                article = self.article_of(known)
                if article is not None:
                    yield article

    def _links(self, urls: Iterable[str], final: str) -> Iterator[str]:
        for url in dict.fromkeys(urls):
            try:
                link = self._source.link(url)
            except ValueError:
                continue
            if link != final:
                yield link

    def _aliases(self, candidate: Candidate, before: ArticleState) -> frozenset[str]:
        if candidate.url == before.url:
            return frozenset()
        return frozenset(self._state.aliases(before.article_id))

    def _standing(self, articles: Iterable[ArticleState]) -> frozenset[str]:
        return frozenset(article.url for article in articles if self._stands(article.url))

    def _body_of(self, url: str) -> str | None:
        known = self._state.url(url)
        return known.body_sha256 if known else None
