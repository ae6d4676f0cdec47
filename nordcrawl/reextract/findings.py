"""Findings: what became of the pages that were read again, counted for a report. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from nordcrawl.identity.changes import compare
from nordcrawl.identity.decide import changed_fields
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.record import article_json
from nordcrawl.reextract.again import Read
from nordcrawl.reextract.engine import Refused
from nordcrawl.reextract.plan import Left, Task

#: Changed articles, and refused pages, that are told one by one.
EXAMPLES: Final = 20


@dataclass(frozen=True, slots=True)
class Example:
    """An article that changes, or a page that is not read as one any more."""

    article_id: str
    url: str
    title: str | None
    why: str
    difference: Mapping[str, Any] | None = field(default=None, repr=False)
    """As `nordcrawl.identity.changes.Difference.to_json`; None where the record before is not in
    the archive."""


@dataclass(slots=True)
class Coverage:
    """In how many articles a field has a value."""

    before: int = 0
    after: int = 0


@dataclass(slots=True)
class Findings:
    """Of one source; all that was read, whether or not it is archived."""

    left: Left
    planned: int
    read: int = 0
    """Pages of which there is a reading."""
    changed: int = 0
    """Of these, whose content is another one: they get a revision."""
    fields: Counter[str] = field(default_factory=Counter)
    """How often a field is other than before."""
    coverage: dict[str, Coverage] = field(default_factory=dict)
    words_before: int = 0
    words_after: int = 0
    """Of the texts of changed articles whose record before is there."""
    refused: Counter[Outcome] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    """By which extractor the articles were read before."""
    examples: list[Example] = field(default_factory=list)
    refusals: list[Example] = field(default_factory=list)

    @property
    def unchanged(self) -> int:
        """Pages whose content is the same."""
        return self.read - self.changed

    def add(self, found: Read) -> None:
        """Take a page into account."""
        before, reading = found.task.before, found.reading
        self.read += 1
        self.versions[_version(before.extractor)] += 1
        for name in (before.fields or {}).keys() | reading.fields.keys():
            of = self.coverage.setdefault(name, Coverage())
            of.before += name in (before.fields or {})
            of.after += name in reading.fields
        if reading.content_sha256 == before.content_sha256:
            return
        self.changed += 1
        names = changed_fields(before, reading)
        self.fields.update(names)
        record = found.record_before
        if record is not None:
            self.words_before += len(str(record.get("text") or "").split())
            self.words_after += reading.article.word_count
        if len(self.examples) < EXAMPLES:
            self.examples.append(_example(found, names))

    def refuse(self, task: Task, refused: Refused) -> None:
        """Take a page of which there is no reading into account."""
        self.refused[refused.outcome] += 1
        if len(self.refusals) < EXAMPLES:
            title, url = task.before.title, task.url
            one = Example(task.before.article_id, url, title, refused.reason)
            self.refusals.append(one)

    def to_json(self) -> dict[str, Any]:
        """Return all of them."""
        told = {"examples": self.examples, "refusals": self.refusals}
        return self.counts() | {name: [asdict(one) for one in of] for name, of in told.items()}

    def counts(self) -> dict[str, Any]:
        """Return them without a word of an article: for a report that is archived, of which an
        erasure has nothing to take out."""
        names = sorted(self.coverage, key=lambda name: (-self.coverage[name].before, name))
        return {
            "planned": self.planned,
            "read": self.read,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": {str(outcome): count for outcome, count in self.refused.items()},
            "left": asdict(self.left),
            "read_before_by": dict(self.versions.most_common()),
            "fields": dict(self.fields.most_common()),
            "coverage": {name: asdict(self.coverage[name]) for name in names},
            "words": {"before": self.words_before, "after": self.words_after},
        }


def _example(found: Read, names: list[str]) -> Example:
    article, before = found.reading.article, found.record_before
    return Example(
        found.task.before.article_id,
        found.task.url,
        article.title,
        ", ".join(names) or "content",
        compare(before, article_json(article)).to_json() if before is not None else None,
    )


def _version(extractor: str) -> str:
    """Return versions without the page's family: what is told of all articles."""
    return extractor.partition("/")[2] or extractor
