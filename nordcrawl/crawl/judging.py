"""Judging: what an extracted page is to the archive, one page of an article at a time."""

from __future__ import annotations

from nordcrawl.crawl.knowledge import Knowledge
from nordcrawl.crawl.reservations import Reservations
from nordcrawl.identity import decide
from nordcrawl.identity.decide import Verdict
from nordcrawl.model.page import Visit
from nordcrawl.model.reading import Reading


class Judge:
    """Asks what is known and has `nordcrawl.identity` decide, under a reservation."""

    def __init__(self, knowledge: Knowledge, reservations: Reservations) -> None:
        self._knowledge = knowledge
        self._reservations = reservations

    async def judge(self, visit: Visit, reading: Reading) -> Verdict:
        """Return what a page is to the archive.

        Its discovered URL holds the article and its text from here until it is released, so that
        two pages of one article never get their verdicts side by side.
        """
        candidate = self._knowledge.candidate(visit, reading)
        identity = self._knowledge.identity(candidate)
        keys = {identity, reading.text_sha256}
        while True:
            if await self._reservations.until_free(keys):
                # What was held may have given the address an article.
                identity = self._knowledge.identity(candidate)
            known = self._knowledge.known(candidate, identity)
            verdict = decide.decide(candidate, known, identity)
            wanted = {identity, reading.text_sha256, verdict.article_id}
            if self._reservations.take(visit.asked, wanted):
                return verdict
            keys = wanted
