"""An archive of a paper that was crawled daily for weeks, by the real writer: a run a day, with
days without news, edits, a site that says what it should not, and one run that went wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nordcrawl.archive.format.order import set_url
from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.write.writer import Writer
from nordcrawl.crawl.entries import Origin, not_due
from nordcrawl.model.article import Article, Block, BlockKind, Evidence, Extractor, Image
from nordcrawl.model.ledger import LedgerEntry, Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading
from nordcrawl.model.record import Record
from nordcrawl.report.entry import EntryReport
from nordcrawl.report.run_report import Report
from tests.support.archive_builders import LIMITS, make_entry

SOURCE = "coast"
HOST = "https://coast.example"
LAST_DAY = datetime(2026, 11, 26, 4, tzinfo=UTC)
HOSTILE = "<script>document.title='owned'</script>\u202e\x1b[31m{{7*7}}"
SECTIONS = (
    "Politics",
    "Business",
    "Culture",
    "Arctic council",
    "Shipping",
    "Sport",
    "Opinion",
    "Energy",
)
WORDS = (
    "The harbour in the town is to be built out over the next three years, and the municipality "
    "expects that the work will give room to twice as many boats as today."
)  # fmt: skip
EDITED = WORDS.replace("three years", "four years").replace("twice as many", "half as many")


def run_id(day: int) -> str:
    return f"run-{day:03d}"


def article(
    number: int, at: datetime, *, text: str = WORDS, title: str = "", section: str = ""
) -> Article:
    blocks = [Block(BlockKind.SUMMARY, f"What is known of case {number} so far.")]
    blocks += [Block(BlockKind.P, f"{text} Point {n} of case {number}.") for n in range(4)]
    return Article(
        title=title or f"Case {number}: the harbour council decides on the quay",
        blocks=tuple(blocks),
        extractor=Extractor("generic", "1", "0.2.0"),
        subtitle="What is known so far" if number % 3 else None,
        authors=("Kari Li",) if number % 5 else (),
        published_at=at,
        modified_at=at,
        language=("en", "nb", "nb", "kl")[number % 4],
        kind="news",
        section=section or SECTIONS[number * number % len(SECTIONS)],
        tags=("harbour",),
        images=(Image(f"{HOST}/{number}.jpg", caption="The harbour"),),
        provenance={"published_at": Evidence("json-ld", "second", "stated")},
    )


def record(number: int, day: int, what: Article, at: datetime, **more: object) -> Record:
    body = b"x" * (14_000 + 37 * (number % 90))
    page = Page(url=f"{HOST}/news/{number}", body=body, fetched_at=at)
    values = Record(
        source=SOURCE, article_id=f"{SOURCE}:{number}", revision=1, change="new",
        reading=Reading.of(what, page.body_sha256), page=page, canonical_url=page.url, aliases=(),
        previous_text_sha256=None, run_id=run_id(day), archived_at=at + timedelta(seconds=2),
    )  # fmt: skip
    return replace(values, **more)  # type: ignore[arg-type]


def records_of(day: int, days: int) -> list[Record]:
    at = LAST_DAY - timedelta(days=days - 1 - day)
    if day % 9 == 5:
        return []
    found = []
    for n in range(2 + day * 7 % 6):
        number = day * 10 + n
        hours = (0.1, 0.7, 2.0, 5.0, 9.0, 20.0, 60.0)[number % 7]
        what = article(number, at - timedelta(hours=hours))
        if day % 4 == 3:
            what = replace(what, authors=())
        found.append(record(number, day, what, at))
    if day == days - 1:
        hostile = article(9000, at, title=HOSTILE, section='"><img src=x onerror=alert(1)>')
        found.append(record(9000, day, replace(hostile, subtitle=None), at))
        first = article(10, at - timedelta(days=days - 2), text=EDITED)
        found.append(record(10, day, first, at, revision=2, change="silent_edit"))
        other = article(11, at - timedelta(days=days - 2), title="Case 11: the council has decided")
        found.append(record(11, day, other, at, revision=2, change="updated"))
    return found


def failures_of(day: int, days: int) -> list[LedgerEntry]:
    at = LAST_DAY - timedelta(days=days - 1 - day)

    def ended(number: int, outcome: Outcome, reason: str) -> LedgerEntry:
        url = f"{HOST}/{outcome}/{number}"
        return LedgerEntry(run_id(day), SOURCE, url, outcome, at, reason=reason)

    few = [ended(n, Outcome.FETCH_FAILED, "HTTP 503") for n in range(day % 3)]
    if day == days - 1:
        few += [ended(n, Outcome.NOT_ARTICLE, "no text of an article") for n in range(4)]
        few += [ended(9, Outcome.BLOCKED, f"consent wall {HOSTILE}")]
        urls = [f"{HOST}/skipped_fresh/{n}" for n in range(40)]
        few.append(not_due(Origin(SOURCE, run_id(day)), set_url(urls), len(urls), at))
    return few


def report_of(day: int, days: int, lines: list[LedgerEntry], archive: str) -> Report:
    at = LAST_DAY - timedelta(days=days - 1 - day)
    outcomes = {o: sum(x.count or 1 for x in lines if x.outcome is o) for o in Outcome}
    outcomes = {o: count for o, count in outcomes.items() if count}
    entries = [
        EntryReport("sitemap", f"{HOST}/sitemap.xml", status=200, links=120, known=112),
        EntryReport("feed", f"{HOST}/feed", status=200, links=20, known=14),
        EntryReport("listing", f"{HOST}/", status=304, spared="nothing changed since"),
    ]
    if day == days - 1:
        entries.append(EntryReport("listing", f"{HOST}/{HOSTILE}", status=500, problem="HTTP 500"))
        entries.append(EntryReport("sitemap", "javascript:alert(1)", status=200, links=1))
    kept = sum(count for o, count in outcomes.items() if o in (Outcome.NEW, Outcome.UPDATED))
    return Report(
        run_id=run_id(day), source=SOURCE, nordcrawl="0.2.0", archive=archive, started_at=at,
        finished_at=at + timedelta(seconds=95 + 7 * (day % 5)), finish_reason="finished",
        mode="incremental", arguments={}, discovered=sum(outcomes.values()),
        unsettled=[], outcomes=outcomes,
        fetched=len(lines), entries=entries, hosts=("coast.example",), examples={},
        internal_errors=[], notes=[f"a note of the run {HOSTILE}"] if day == days - 1 else [],
        pending_records=0, committed_lines=len(lines), committed_records=kept,
    )  # fmt: skip


def make(root: Path, spool: Path, days: int = 34) -> Path:
    """Write the archive into a folder, and return it."""
    store = open_store(str(root))
    for day in range(days):
        with Writer.open(store, spool, SOURCE, run_id(day), limits=LIMITS,
                         clock=lambda: datetime.now(UTC)) as writer:  # fmt: skip
            records, lines = records_of(day, days), failures_of(day, days)
            told = [*lines]
            for one in records:
                entry = make_entry(one, source=SOURCE)
                told.append(entry)
                writer.accept(entry, one).result(timeout=300)
            for line in lines:
                writer.accept(line, None).result(timeout=300)
            assert writer.finish(deadline_s=300).failure is None
            writer.put_run(report_of(day, days, told, root.as_uri()).to_json())
    return root
