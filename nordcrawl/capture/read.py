"""Read: the records of a WARC file of ours, and its captures."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from nordcrawl.capture.library import records_in
from nordcrawl.capture.write import ERASED, digest_of
from nordcrawl.model.capture import RESPONSE, REVISIT
from nordcrawl.system.members import Member, members_of, read_member

_CAPTURES: Final = (RESPONSE, REVISIT)


@dataclass(frozen=True, slots=True)
class Warc:
    """One WARC record, and the gzip member that holds it."""

    offset: int
    length: int
    """Compressed bytes."""
    headers: Mapping[str, str]
    """By their names in lower case."""
    block: bytes

    @property
    def type(self) -> str:
        """Its WARC-Type."""
        return self.headers.get("warc-type", "")

    @property
    def url(self) -> str:
        """Its WARC-Target-URI."""
        return self.headers.get("warc-target-uri", "")

    @property
    def http(self) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status line, headers (names in lower case, values Latin-1) and payload of a block of
        HTTP."""
        head, _, payload = self.block.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.partition(":")[::2] for line in lines]
        return first, [(name.strip().lower(), value.strip()) for name, value in pairs], payload

    def fields(self) -> dict[str, str]:
        """Return a block of warc-fields."""
        pairs = (line.partition(":") for line in self.block.decode(errors="replace").split("\r\n"))
        return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}


@dataclass(frozen=True, slots=True)
class Unit:
    """What goes or stays together in a file: a capture with its other records, what stands where
    one was erased, or what the file begins with."""

    offset: int
    length: int
    records: tuple[Warc, ...]

    @property
    def is_capture(self) -> bool:
        """Whether there is a page in it."""
        return self.records[0].type in _CAPTURES

    @property
    def is_erased(self) -> bool:
        """Whether it says that a capture was erased."""
        return self.records[0].type == "metadata" and ERASED in self.records[0].fields()

    def values(self) -> dict[str, Any]:
        """Return whose it is, by the names that a line of an article has; empty of what is no
        capture."""
        if not self.is_capture:
            return {}
        told: dict[str, str] = {}
        for record in self.records[1:]:
            if record.type == "metadata":
                told = record.fields()
        first = self.records[0]
        return {
            "source": told.get("nordcrawl-source", ""),
            "run_id": told.get("nordcrawl-run", ""),
            "article_id": told.get("nordcrawl-article"),
            "url": first.url,
            "fetch": {
                "requested_url": told.get("via", first.url),
                "fetched_at": first.headers.get("warc-date", ""),
            },
        }


def record_at(body: bytes, offset: int = 0) -> Warc:
    """Return the record of the gzip member at an offset.

    Raises:
        ValueError: there is none.
    """
    return _record(read_member(memoryview(body), offset))


def record_in(raw: bytes, offset: int, length: int) -> Warc:
    """Return the record that uncompressed bytes are, with the place that it is to tell.

    Raises:
        ValueError: they are none, or more than one.
    """
    return _record(Member(offset, length, raw))


def units_of(body: bytes) -> Iterator[Unit]:
    """Yield all that a file holds, in order; a capture at a time is in memory.

    Raises:
        ValueError: these are not whole gzip members, each of one WARC record.
    """
    held: list[Warc] = []
    for member in members_of(body):
        record = _record(member)
        joins = held and held[0].type in _CAPTURES and _is_beside(record, held[0])
        if held and not joins:
            yield _unit(held)
            held = []
        held.append(record)
    if held:
        yield _unit(held)


def whole_length(body: bytes) -> int:
    """Return up to which byte a file that grew when its process was killed holds whole units: of a
    capture the `metadata` record comes last."""
    end = 0
    with suppress(ValueError):
        for member in members_of(body):
            if _record(member).type in ("metadata", "warcinfo"):
                end = member.offset + member.length
    return end


def digest_holds(told: str, block: bytes) -> bool:
    """Return whether bytes are those of a labelled digest of others, in base 32 or hex; True of one
    by an algorithm that is not known here. Source: WARC 1.1 section 5.8."""
    label, _, value = told.strip().partition(":")
    algorithm = label.lower().replace("-", "")
    if algorithm not in ("md5", "sha1", "sha256", "sha384", "sha512"):
        return True
    digest = hashlib.new(algorithm, block, usedforsecurity=False).digest()
    base32 = base64.b32encode(digest).decode().rstrip("=").lower()
    return value.strip().rstrip("=").lower() in (digest.hex(), base32)


def problem(record: Warc) -> str | None:
    """Say what is wrong with a record, if anything is: a digest, or what it lacks."""
    headers = record.headers
    if headers.get("warc-block-digest") != digest_of(record.block):
        return "its block is not that of its digest"
    payload = headers.get("warc-payload-digest")
    if record.type == RESPONSE and payload and payload != digest_of(record.http[2]):
        return "its payload is not that of its digest"
    if record.type in (*_CAPTURES, "request") and not (record.url and headers.get("warc-date")):
        return "it has no address, or no date"
    return None


def _unit(records: list[Warc]) -> Unit:
    first, last = records[0], records[-1]
    return Unit(first.offset, last.offset + last.length - first.offset, tuple(records))


def _is_beside(record: Warc, first: Warc) -> bool:
    return record.headers.get("warc-concurrent-to") == first.headers.get("warc-record-id")


def _record(member: Member) -> Warc:
    found = records_in(member.raw)
    try:
        record = next(iter(found))
        headers = {name.lower(): value for name, value in record.headers.to_tuples()}
        block = record.reader.read()
        length = record.content_length
        more = next(iter(found), None)
    except StopIteration:
        raise ValueError(f"no WARC record at {member.offset}") from None
    except Exception as error:  # whatever the parser, which is not ours, says
        raise ValueError(f"no WARC record at {member.offset}: {error}") from error
    if more is not None or len(block) != length or not member.raw.endswith(b"\r\n\r\n"):
        raise ValueError(f"not just one whole WARC record at {member.offset}")
    return Warc(member.offset, member.length, headers, block)
