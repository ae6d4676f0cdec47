"""WARC files of others, by warcio, and an archive that they are imported into by the parts of a
run."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from nordcrawl.config.arguments import Arguments
from nordcrawl.importing.dry import look
from nordcrawl.importing.files import local
from nordcrawl.importing.findings import Findings
from nordcrawl.importing.gathered import Gathered
from nordcrawl.importing.scan import Scan
from nordcrawl.importing.taking import take
from nordcrawl.report.run_report import Report
from tests.reextract.kept_pages import BEGAN, HOST, Inline, Paper, stop_after_pages

LONG_AGO = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
HTML = (("Content-Type", "text/html; charset=utf-8"),)


def day(number: int) -> datetime:
    """So many days after a day of long ago."""
    return LONG_AGO + timedelta(days=number)


@dataclass
class Warc:
    """A WARC file in the making; records as other tools write them."""

    packed: bool = True
    out: io.BytesIO = field(default_factory=io.BytesIO)

    def __post_init__(self) -> None:
        self.writer = WARCWriter(self.out, gzip=self.packed)

    def response(
        self,
        url: str,
        body: bytes,
        at: datetime = LONG_AGO,
        *,
        status: str = "200 OK",
        headers: Iterable[tuple[str, str]] = HTML,
        kind: str = "response",
        **more: str,
    ) -> Any:
        """Write a record of an answer; `more` are headers of the record, with _ for -."""
        url = url if "://" in url or not url.startswith("/") else f"{HOST}{url}"
        told = {"WARC-Date": at.isoformat().replace("+00:00", "Z")}
        told |= {name.replace("_", "-"): value for name, value in more.items()}
        record = self.writer.create_warc_record(
            url, kind, payload=io.BytesIO(body), warc_headers_dict=told,
            http_headers=StatusAndHeaders(status, list(headers), protocol="HTTP/1.1"),
        )  # fmt: skip
        self.writer.write_record(record)
        return record

    def redirect(self, url: str, to: str, at: datetime = LONG_AGO) -> None:
        """Write an answer that leads to another address."""
        self.response(url, b"", at, status="301 Moved Permanently", headers=[("Location", to)])

    def request(self, url: str, of: Any, *headers: tuple[str, str], method: str = "GET") -> None:
        """Write the request of a response."""
        line = f"{method} {url} HTTP/1.1"
        head = StatusAndHeaders(line, list(headers), is_http_request=True)
        of_id = of.rec_headers.get_header("WARC-Record-ID")
        record = self.writer.create_warc_record(
            f"{HOST}{url}", "request", http_headers=head,
            warc_headers_dict={"WARC-Concurrent-To": of_id},
        )  # fmt: skip
        self.writer.write_record(record)

    def revisit(self, url: str, of: Any, at: datetime, **more: str) -> None:
        """Write that the payload of a response came once more, as Heritrix and warcio do."""
        record = self.writer.create_revisit_record(
            f"{HOST}{url}" if url.startswith("/") else url,
            digest=of.rec_headers.get_header("WARC-Payload-Digest"),
            refers_to_uri=of.rec_headers.get_header("WARC-Target-URI"),
            refers_to_date=of.rec_headers.get_header("WARC-Date"),
            http_headers=StatusAndHeaders("200 OK", list(HTML), protocol="HTTP/1.1"),
            warc_headers_dict={"WARC-Date": at.isoformat().replace("+00:00", "Z")} | more,
        )
        self.writer.write_record(record)

    @property
    def body(self) -> bytes:
        """The file."""
        return self.out.getvalue()


@dataclass
class Library(Paper):
    """A source and its archive, which takes in files; its runs are of days in 2026."""

    keeps: bool = False

    def file(self, body: bytes | Warc, name: str = "crawl-1.warc.gz") -> Path:
        """Put a file there."""
        path = self.folder / name
        path.write_bytes(body.body if isinstance(body, Warc) else body)
        return path

    def scanned(self, gathered: Gathered, *paths: Path) -> Findings:
        """What is found in files."""
        findings = Findings()
        Scan(self.source, gathered, findings, self.now()).files(map(local, paths))
        return findings

    def take(
        self, *bodies: bytes | Warc | Path, stop_after: int | None = None
    ) -> tuple[Findings, Report]:
        """Import files, on another day, in as many runs as it takes; the report is the last one's.
        Told to stop behind so many pages."""
        paths = [
            body if isinstance(body, Path) else self.file(body, f"crawl-{number}.warc.gz")
            for number, body in enumerate(bodies, 1)
        ]
        with Gathered() as gathered:
            findings = self.scanned(gathered, *paths)
            while True:
                report = self._round(gathered, findings, stop_after)
                if report.finish_reason != "finished" or not gathered.go_on():
                    return findings, report

    def _round(self, gathered: Gathered, findings: Findings, stop_after: int | None) -> Report:
        self.days += 1
        run = self.opened(Arguments(urls=("warc",), mode="full", kind="import"))
        try:
            if stop_after is not None:
                stop_after_pages(run, stop_after)
            asyncio.run(take(run, gathered, findings))
        finally:
            run.close()
        assert run.report is not None
        return run.report

    def look(self, body: bytes | Warc, *, begun: bool = True) -> Findings:
        """Import nothing, and say what would be."""
        with (
            Gathered() as gathered,
            mock.patch("nordcrawl.importing.dry.Workers", Inline),
        ):
            findings = self.scanned(gathered, self.file(body))
            store = self.store if begun else None
            asyncio.run(look(self.options, self.source, store, gathered, findings))
        return findings


__all__ = ["BEGAN", "HOST", "HTML", "LONG_AGO", "Library", "Warc", "day"]
