"""Scan: each record of the files, and what it is to the source: a page to be read, what tells how
one was asked for, or nothing, and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urljoin

from nordcrawl.capture.read import Warc, digest_holds
from nordcrawl.capture.stream import Damaged, Found, PassedOver, records_of
from nordcrawl.capture.write import NOT_MODIFIED
from nordcrawl.crawl.extraction import MOST_BYTES
from nordcrawl.fetch import coding, transfer
from nordcrawl.fetch.answer import READABLE, other_type
from nordcrawl.fetch.recorded import status_of
from nordcrawl.importing.files import Given, warcs_of
from nordcrawl.importing.findings import Findings, Left
from nordcrawl.importing.gathered import Gathered, Refers, Sighting
from nordcrawl.model.ledger import SKEW
from nordcrawl.sources.landing import Landing, landing
from nordcrawl.sources.source import Source

#: Bytes of a record: a page, its head, and what chunks add to it.
MOST_RECORD: Final = MOST_BYTES + (1 << 20)
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
#: Bytes of a body that tell whether it is a page.
_START: Final = 2048


class Scan:
    """Sorts the records of files; keeps what is wanted."""

    def __init__(
        self, source: Source, gathered: Gathered, findings: Findings, now: datetime
    ) -> None:
        self._source = source
        self._gathered = gathered
        self._findings = findings
        self._latest = now + SKEW

    def files(self, files: Iterable[Given]) -> None:
        """Read files to their end, or to where they are damaged, which the findings tell.

        Raises:
            SpoolError: the temporary folder refuses.
            NotFetched, UsageError: one of the web can't be had, or is not of WARC records.
        """
        for given in files:
            self._findings.files += 1
            name = given.name
            try:
                for name, file in warcs_of(given):
                    self._file(name, records_of(file, MOST_RECORD))
            except Damaged as error:
                self._findings.damage(name, error)
        self._gathered.settle(self._source, self._findings)

    def _file(self, name: str, records: Iterable[Found | PassedOver]) -> None:
        try:
            for one in records:
                self._findings.records += 1
                if isinstance(one, PassedOver):
                    self._findings.left[Left.TOO_LARGE] += 1
                elif (why := self._take(one, name)) is not None:
                    self._findings.left[why] += 1
        except Damaged as error:
            self._findings.damage(name, error)

    def _take(self, found: Found, name: str) -> Left | None:
        """Take a record; return why it is left out, if it is."""
        record = found.warc
        if record.type in ("response", "revisit"):
            return self._answer(found, name)
        self._findings.others += 1
        if record.type == "request":
            self._request(record)
        return None

    def _answer(self, found: Found, name: str) -> Left | None:
        record, target = found.warc, target_of(found.warc)
        if not target.lower().startswith(("http://", "https://")):
            return Left.NOT_HTTP
        try:
            sort, url = self._source.sort(target, target)
            shape = Landing.ARTICLE if sort == "article" else self._shape(sort, url)
        except ValueError:
            return Left.BAD_ADDRESS
        if shape is None:
            return Left.FOREIGN
        at = _moment(record.headers.get("warc-date"))
        if at is None:
            return Left.NO_DATE
        if at > self._latest:
            return Left.FUTURE
        status_line, headers, payload = record.http
        is_revisit = record.type == "revisit"
        try:
            status = status_of(status_line)
        except ValueError:
            if not is_revisit:
                return Left.NOT_HTTP
            status = 200  # one that tells no headers
        if status in _REDIRECTS:
            return self._redirect(url, target, at, headers)
        unmodified = is_revisit and record.headers.get("warc-profile") == NOT_MODIFIED
        if status not in READABLE and not (unmodified and status == 304):
            return Left.STATUS
        if shape is not Landing.ARTICLE:
            return _SHAPES.get(shape, Left.NO_ARTICLE)
        page = Sighting(
            url, target, sort == "article", at, name, _id(record, "warc-record-id"),
            _id(record, "warc-concurrent-to"),
            record.headers.get("warc-payload-digest", "").strip().lower(),
        )  # fmt: skip
        if is_revisit:
            self._gathered.add_revisit(page, _refers(record))
            return None
        if (why := _wrong(record, headers, payload)) is not None:
            return why
        self._gathered.add(page, found.raw)
        return None

    def _shape(self, sort: str, url: str) -> Landing | None:
        """Return what an address is that is not taken for an article's; None of a foreign one. One
        that differs from an article's in its last slash may be where a redirect leads."""
        return None if sort == "foreign" else landing(self._source, url)

    def _redirect(
        self, url: str, target: str, at: datetime, headers: list[tuple[str, str]]
    ) -> Left | None:
        self._findings.redirects += 1
        place = next((value for name, value in headers if name == "location"), "")
        try:
            leads_to = self._source.link(urljoin(target, place))
        except ValueError:
            return None
        if place and leads_to != url and self._source.allows(leads_to):
            self._gathered.add_redirect(url, at, leads_to)
        return None

    def _request(self, record: Warc) -> None:
        """Keep the request of what may be a page."""
        try:
            sort, _ = self._source.sort(target := target_of(record), target)
        except ValueError:
            return
        if sort == "foreign":
            return
        head, _, _ = record.block.partition(b"\r\n\r\n")
        method = head.split(b" ", 1)[0].decode("latin-1").upper()
        ids = _id(record, "warc-record-id"), _id(record, "warc-concurrent-to")
        self._gathered.add_request(*ids, method, head)


_SHAPES: Final = {Landing.DENIED: Left.DENIED, Landing.LISTING: Left.LISTING}


def target_of(record: Warc) -> str:
    """Return a record's target; early writers put it into angle brackets, as WARC 1.0 had it."""
    return record.url.strip().removeprefix("<").removesuffix(">")


def _id(record: Warc, header: str) -> str:
    return record.headers.get(header, "").strip().strip("<>").lower()


def _moment(told: str | None) -> datetime | None:
    """Return a WARC-Date, which is UTC; None of one that names no time of day. Source: WARC 1.1
    section 5.4 (which allows less than a second, and a day alone)."""
    text = (told or "").strip()
    try:
        at = datetime.fromisoformat(text) if "T" in text.upper() else None
        return at and (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _refers(record: Warc) -> Refers:
    return Refers(
        record.headers.get("warc-refers-to-target-uri", "").strip().strip("<>"),
        _moment(record.headers.get("warc-refers-to-date")),
        _id(record, "warc-refers-to"),
    )


def _wrong(record: Warc, headers: list[tuple[str, str]], payload: bytes) -> Left | None:
    """Return why the page of a `response` is not to be read, if it is not."""
    told = record.headers.get("warc-block-digest")
    if told and not digest_holds(told, record.block):
        return Left.BAD_DIGEST
    if "warc-segment-number" in record.headers:
        return Left.TRUNCATED
    try:
        whole = transfer.undone(headers, payload)
    except ValueError:
        return Left.TRUNCATED
    truncated = "warc-truncated" in record.headers and whole is payload
    if transfer.lacks_bytes(headers, whole, truncated=truncated, most=MOST_BYTES):
        return Left.TRUNCATED
    codings = coding.names(value for name, value in headers if name == "content-encoding")
    start = coding.decode(whole, codings, _START).body
    kind = next((value for name, value in headers if name == "content-type"), None)
    return Left.TYPE if other_type(kind, start) is not None else None
