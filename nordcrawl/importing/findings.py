"""Findings: what became of the records of the files, counted for people and reports. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from nordcrawl.model.ledger import Outcome

#: Damages that are told one by one.
MOST_DAMAGES: Final = 20


class Left(StrEnum):
    """Why a `response` or `revisit` record is left out."""

    FOREIGN = "foreign"
    NO_ARTICLE = "no_article_address"
    LISTING = "listing"
    DENIED = "denied"
    BAD_ADDRESS = "bad_address"
    NOT_HTTP = "not_http"
    STATUS = "status"
    TYPE = "content_type"
    METHOD = "method"
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    BAD_DIGEST = "bad_digest"
    UNREADABLE = "unreadable"
    NO_DATE = "no_date"
    FUTURE = "future"
    REVISIT = "revisit_of_unknown"
    REFUSED = "refused"
    ERASED = "erased"
    OLDER = "older"
    KNOWN = "known"
    SAME = "same"


WORDS: Final = {
    Left.FOREIGN: "on a host that is not the source's",
    Left.NO_ARTICLE: "no article's address by the source's table",
    Left.LISTING: "a listing",
    Left.DENIED: "an address that is denied (deny_urls, deny_query)",
    Left.BAD_ADDRESS: "an address that can't be read",
    Left.NOT_HTTP: "no answer of HTTP",
    Left.STATUS: "another status than 200",
    Left.TYPE: "no page by its content type",
    Left.METHOD: "the answer to another request than GET",
    Left.TOO_LARGE: "too large, or a head that can't be read",
    Left.TRUNCATED: "cut short when it was written",
    Left.BAD_DIGEST: "not the bytes of its digest",
    Left.UNREADABLE: "a body whose coding can't be undone",
    Left.NO_DATE: "without a date",
    Left.FUTURE: "with a date in the future",
    Left.REVISIT: "a revisit of what is not in the files",
    Left.REFUSED: "a wall, or an empty page",
    Left.ERASED: "erased by order",
    Left.OLDER: "older than what the archive has",
    Left.KNOWN: "in the archive already",
    Left.SAME: "the same bytes as the page before",
}


@dataclass(slots=True)
class Findings:
    """Of all files of an import."""

    files: int = 0
    records: int = 0
    """All that could be read as WARC records."""
    others: int = 0
    """Of these, those that are neither `response` nor `revisit`."""
    redirects: int = 0
    """Answers that lead to another address; they tell by which one a page was asked for."""
    left: Counter[Left] = field(default_factory=Counter)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    """How the pages ended that were read."""
    damaged: list[str] = field(default_factory=list)
    """Files, with where and what is damaged."""
    stopped: int = 0
    """Pages that were not reached."""

    @property
    def known(self) -> int:
        """Pages that the archive has, or a later one of their address."""
        return self.left[Left.KNOWN] + self.left[Left.OLDER] + self.left[Left.SAME]

    @property
    def taken(self) -> int:
        """Pages that were read, each once for each address that it answers."""
        return self.outcomes.total()

    def damage(self, name: str, what: object) -> None:
        """Take note that a file could not be read to its end."""
        if len(self.damaged) < MOST_DAMAGES:
            self.damaged.append(f"{name}: {what}")

    def to_json(self) -> dict[str, Any]:
        """Return them for a report and for programs; there are no words of articles in it."""
        return {
            "files": self.files,
            "records": self.records,
            "other_records": self.others,
            "redirects": self.redirects,
            "taken": self.taken,
            "outcomes": {str(outcome): count for outcome, count in self.outcomes.items()},
            "left": {str(why): count for why, count in self.left.most_common()},
            "known": self.known,
            "stopped": self.stopped,
            "damaged": self.damaged,
        }
