"""Small records and ledger lines, and a store to kill and to break: what these tests share."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.units import units
from nordcrawl.archive.log.follow import chain, writers
from nordcrawl.archive.store.protocol import (
    MARKER_BODY,
    MARKER_KEY,
    Capabilities,
    ObjectEntry,
    Put,
    Store,
)
from nordcrawl.archive.write.limits import Limits, ShipReport
from nordcrawl.archive.write.writer import Writer
from nordcrawl.errors import ObjectConflict, ObjectMissing
from nordcrawl.model.article import Article, Block, BlockKind, Evidence, Extractor, Image
from nordcrawl.model.capture import Draft, Exchange, Payload
from nordcrawl.model.ledger import ArticleState, LedgerEntry, Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading
from nordcrawl.model.record import Record

SOURCE = "example"
START = datetime(2026, 10, 26, 8, 38, tzinfo=UTC)
#: No waiting for company, and no part before the end, so that a test says itself what happens.
LIMITS = Limits(group_s=0.0, free_bytes=0)


def make_record(
    number: int = 1,
    *,
    revision: int = 1,
    text: str | None = None,
    change: str = "new",
    run_id: str = "run-1",
    at: datetime | None = None,
    source: str = SOURCE,
) -> Record:
    at = at or START + timedelta(seconds=number)
    text = text or f"Brødtekst nummer {number}, «utgave» {revision}.\u2028Ny linje."
    article = Article(
        title=f"Tittel {number}",
        blocks=(Block(BlockKind.SUMMARY, "Ingress æøå"), Block(BlockKind.P, text)),
        extractor=Extractor("generic", "1", "0.1.0"),
        authors=("Kari Nordmann",),
        published_at=START,
        language="nb",
        images=(Image("https://example.org/a.jpg", caption="Bilde"),),
        rights={"robots_meta": "noai"},
        provenance={"published_at": Evidence("json-ld", "second", "stated")},
    )
    page = Page(
        url=url_of(number),
        body=text.encode(),
        fetched_at=at,
        headers=(("etag", f'"{number}-{revision}"'),),
    )
    return Record(
        source=source,
        article_id=f"{source}:{number}",
        revision=revision,
        change=change,
        reading=Reading.of(article, page.body_sha256),
        page=page,
        canonical_url=url_of(number),
        aliases=(),
        previous_text_sha256=None if revision == 1 else "0" * 64,
        run_id=run_id,
        archived_at=at,
    )


def url_of(number: int) -> str:
    return f"https://example.org/{number}"


def make_entry(
    record: Record | None = None,
    *,
    number: int = 1,
    outcome: Outcome = Outcome.NEW,
    run_id: str = "run-1",
    at: datetime | None = None,
    source: str = SOURCE,
    **more: Any,
) -> LedgerEntry:
    if record is None:
        outcome = Outcome.FETCH_FAILED if outcome is Outcome.NEW else outcome
        at = at or START + timedelta(seconds=number)
        return LedgerEntry(run_id, source, url_of(number), outcome, at, **more)
    article = record.article
    return LedgerEntry(
        run_id=record.run_id,
        source=record.source,
        url=record.page.url,
        outcome=outcome if record.revision == 1 else Outcome.UPDATED,
        at=at or record.archived_at,
        found_by=("https://example.org/feed",),
        status=200,
        final_url=record.page.url,
        fetched_at=record.page.fetched_at,
        etag=record.page.header("etag"),
        body_sha256=record.page.body_sha256,
        article_id=record.article_id,
        revision=record.revision,
        article=ArticleState(
            article_id=record.article_id,
            revision=record.revision,
            url=record.page.url,
            text_sha256=article.text_sha256,
            content_sha256=article.content_sha256,
            extractor="generic/1/0.1.0",
            title=article.title,
            published_at=article.published_at,
        ),
        **more,
    )


def make_draft(record: Record, *, earlier: Payload | None = None, status: int = 200) -> Draft:
    """The exchange that brought a record's page."""
    page = record.page
    exchange = Exchange(
        url=page.url,
        request_headers=((b"User-Agent", b"nordcrawl"), (b"Authorization", b"Basic c2VjcmV0")),
        status=status,
        protocol="HTTP/1.1",
        headers=((b"Content-Type", b"text/html"), (b"X-Two", b"1"), (b"X-Two", b"2")),
        body=page.body if status != 304 else b"",
    )
    return Draft(
        exchange=exchange,
        fetched_at=page.fetched_at,
        source=record.source,
        run_id=record.run_id,
        requested_url=page.requested_url or page.url,
        article_id=record.article_id,
        earlier=earlier,
    )


class FileStore:
    """The least that a store can be: files, and no conditional put but a look before."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def uri(self) -> str:
        return self.root.as_uri()

    def probe(self) -> Capabilities:
        self.put(MARKER_KEY, MARKER_BODY, content_type="application/json")
        return Capabilities(conditional_put=False, checksum=False)

    def put(self, key: str, body: bytes, *, content_type: str) -> Put:
        path = self.root / key
        if path.exists():
            if path.read_bytes() == body:
                return Put.ALREADY
            raise ObjectConflict(f"put {key}")
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.with_name(path.name + ".tmp")
        staged.write_bytes(body)
        staged.rename(path)
        return Put.CREATED

    def get(self, key: str) -> bytes:
        try:
            return (self.root / key).read_bytes()
        except FileNotFoundError as error:
            raise ObjectMissing(f"get {key}") from error

    def exists(self, key: str) -> bool:
        return (self.root / key).is_file()

    def delete(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def strangers(self) -> Iterator[str]:
        return iter(())

    def list(self, prefix: str) -> Iterator[ObjectEntry]:
        for path in self.root.rglob("*"):
            key = path.relative_to(self.root).as_posix()
            if path.is_file() and key.startswith(prefix):
                yield ObjectEntry(key, path.stat().st_size)

    def folders(self, prefix: str) -> Iterator[str]:
        folder = self.root / prefix
        if folder.is_dir():
            yield from (path.name for path in folder.iterdir() if path.is_dir())

    def sweep(self) -> None:
        """Nothing is left beside the objects for long."""


def open_writer(
    store: Store,
    folder: Path,
    run_id: str = "run-1",
    *,
    limits: Limits = LIMITS,
    source: str = SOURCE,
) -> Writer:
    return Writer.open(
        store, folder, source, run_id, limits=limits, clock=lambda: datetime.now(UTC)
    )


def accept(writer: Writer, *records: Record, captures: bool = False) -> None:
    """Accept records with their ledger lines, and maybe their pages, and wait until they are
    durable."""
    futures = [
        writer.accept(make_entry(record), record, make_draft(record) if captures else None)
        for record in records
    ]
    for future in futures:
        future.result(timeout=300)


def finish_in_vain(writer: Writer) -> ShipReport:
    """Finish against a store that fails; when this returns, a try to ship has failed."""
    while True:
        report = writer.finish(deadline_s=0.1)
        if writer.ship_failure is not None:
            return report


def archive(store: Store, folder: Path, *records: Record, **more: Any) -> None:
    """A whole run."""
    run_id = records[0].run_id if records else "run-1"
    with open_writer(store, folder, run_id, **more) as writer:
        accept(writer, *records)
        report = writer.finish(deadline_s=300)
        assert (report.failure, report.pending_records) == (None, 0)


def check_archive(store: Store, *, orphans: bool = False) -> Counter[bytes]:
    """Prove an archive from its objects alone; return how often each article line is in it."""
    lines: Counter[bytes] = Counter()
    committed: set[str] = set()
    for writer in writers(store):
        commits = list(chain(store, writer))
        assert [c.seq for c in commits] == list(range(1, len(commits) + 1))
        assert len(commits) == len(list(store.list(f"commits/{writer}/"))), "a gap in the log"
        for commit in commits:
            assert commit.add
            for part in commit.add:
                assert part.key not in committed
                committed.add(part.key)
                body = store.get(part.key)
                assert hashlib.sha256(body).hexdigest() == part.sha256
                found = list(units(part.kind, body))
                beside = keys.index_key(part.key)
                if beside is not None:
                    committed.add(beside)
                    found = store.get(beside).splitlines()
                assert len(found) == part.records > 0
                if part.kind is keys.PartKind.ARTICLE:
                    lines.update(found)
    stored = {entry.key for entry in store.list("") if "-v1/" in entry.key}
    assert committed - stored == set(), "not listed"
    assert orphans or stored - committed == set(), "stored, and in no commit"
    return lines
