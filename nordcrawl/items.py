"""What travels through the item pipelines: one page, growing into a record."""

from __future__ import annotations

from dataclasses import dataclass, field

from nordcrawl.article import Article
from nordcrawl.dedup import Verdict
from nordcrawl.page import Page


@dataclass(slots=True)
class PageItem:
    """A page on its way; each pipeline fills in what it is for."""

    url: str
    """The discovered URL that this page answers, in canonical form: the ledger's key."""
    page: Page = field(repr=False)
    article: Article | None = field(default=None, repr=False)
    """Set by `ExtractPipeline`."""
    verdict: Verdict | None = None
    """Set by `DedupPipeline`."""
    held: tuple[str, ...] = field(default=(), repr=False)
    """Keys reserved by `DedupPipeline` until the archive has accepted the record."""

    def give_back(self) -> tuple[str, ...]:
        """Return what is held, once: by then another page may hold the same."""
        held, self.held = self.held, ()
        return held
