"""Write: an exchange as WARC records, each a gzip member."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urldefrag, urlsplit
from uuid import uuid4

from nordcrawl._version import __version__
from nordcrawl.capture.library import new_record
from nordcrawl.model.capture import RESPONSE, REVISIT, Draft, Exchange, Payload, RawHeaders
from nordcrawl.model.printable import without_user
from nordcrawl.model.times import rfc3339
from nordcrawl.system.members import compress, padded

SAME_PAYLOAD: Final = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED: Final = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""Source: WARC 1.1 section 6.7.2 and 6.7.3."""
ERASED: Final = "nordcrawl-erased"
"""The field of the `metadata` record that stands where a capture was erased."""

#: What says who asks, and never goes into a file. Source: RFC 9110 sections 11.6.2 and 11.7.2, RFC
#: 6265 section 5.4.
_SECRET: Final = frozenset(
    {b"authorization", b"proxy-authorization", b"cookie", b"cookie2", b"set-cookie"}
)
_HTTP: Final = "application/http;msgtype="
_FIELDS: Final = "application/warc-fields"
#: Compression level of bodies that come compressed already.
_FAST: Final = 1

NOT_AS_SENT: Final = (
    "Bodies are as they were sent, before content decoding and behind the transfer coding. Of "
    "headers the letter case of names is not as sent, headers of one name stand together where its "
    "first one stood, Content-Length comes first, and those that are about the connection "
    "(Connection, Keep-Alive, TE, Trailer, Transfer-Encoding, Upgrade) are left out; the reason "
    "phrase is the standard one. Of requests Authorization, Proxy-Authorization and Cookie are "
    "left out, of addresses user name and password."
)
"""What a reader of the records must know; stands in the `warcinfo` record of each file."""


@dataclass(frozen=True, slots=True)
class Group:
    """The gzip members of one capture, as they lie in a file."""

    body: bytes
    length: int
    """Of the first member, which is the `response` or `revisit` record."""
    type: str
    record_id: str
    payload_digest: str | None


def info(at: datetime) -> tuple[bytes, str]:
    """Return the `warcinfo` member that a file begun at a time (UTC) begins with, and the id of its
    record."""
    fields = [
        ("software", f"nordcrawl/{__version__}"),
        ("format", "WARC File Format 1.1"),
        ("conformsTo", "https://iipc.github.io/warc-specifications/specifications/warc-format/"
                       "warc-1.1/"),
        ("robots", "obey"),
        ("description", NOT_AS_SENT),
    ]  # fmt: skip
    record_id = _new_id()
    head = [("WARC-Type", "warcinfo"), ("WARC-Record-ID", f"<{record_id}>")]
    head.append(("WARC-Date", rfc3339(at) or ""))
    return compress(_record(head, _FIELDS, _fields(fields))), record_id


def group(draft: Draft, info_id: str) -> Group:
    """Return the records of an exchange: `response`, or `revisit` where the server says "not
    modified" or the payload is the earlier one; then `request` and `metadata`.

    `info_id` is the id of the file's `warcinfo` record.
    """
    exchange, earlier = draft.exchange, draft.earlier
    digest: str | None = None
    revisit: list[tuple[str, str]] = []
    if exchange.status == 304:
        digest = earlier.digest if earlier else None
        revisit = _refers(NOT_MODIFIED, earlier)
    elif not exchange.truncated:
        digest = digest_of(exchange.body)
        if earlier is not None and earlier.digest == digest:
            revisit = _refers(SAME_PAYLOAD, earlier)
    record_id, target = _new_id(), target_of(exchange.url)
    common = [
        ("WARC-Date", rfc3339(draft.fetched_at) or ""),
        ("WARC-Target-URI", target),
        ("WARC-Warcinfo-ID", f"<{info_id}>"),
    ]
    head = [
        ("WARC-Type", REVISIT if revisit else RESPONSE),
        ("WARC-Record-ID", f"<{record_id}>"),
        *common,
        *revisit,
    ]
    if digest:
        head.append(("WARC-Payload-Digest", digest))
    if exchange.ip_address:
        head.append(("WARC-IP-Address", exchange.ip_address))
    if exchange.truncated and not revisit:
        head.append(("WARC-Truncated", exchange.truncated))
    block = _answer_head(exchange) + (b"" if revisit else exchange.body)
    is_packed = any(name.lower() == b"content-encoding" for name, _ in exchange.headers)
    raw = _record(head, f"{_HTTP}response", block)
    first = compress(raw, _FAST) if is_packed else compress(raw)
    beside = [*common, ("WARC-Concurrent-To", f"<{record_id}>")]
    others = (
        ("request", f"{_HTTP}request", _request(exchange)),
        ("metadata", _FIELDS, _fields(_metadata(draft))),
    )
    members = [first]
    for kind, content_type, content in others:
        lines = [("WARC-Type", kind), ("WARC-Record-ID", f"<{_new_id()}>"), *beside]
        members.append(compress(_record(lines, content_type, content)))
    body = b"".join(members)
    return Group(body, len(first), REVISIT if revisit else RESPONSE, record_id, digest)


def filler(length: int) -> bytes:
    """Return a member of just so many bytes that says that a capture was erased: what lies behind
    it keeps its place. It tells nothing of what was there.

    Raises:
        ValueError: that is shorter than any capture.
    """
    head = [
        ("WARC-Type", "metadata"),
        ("WARC-Record-ID", f"<{_new_id()}>"),
        ("WARC-Date", _NO_DATE),
    ]
    return padded(_record(head, _FIELDS, _fields([(ERASED, "1")])), length)


def digest_of(body: bytes) -> str:
    """Return a digest as WARC labels it. SHA-256, as an identical digest stands for the bytes
    themselves, and SHA-1 can be made to collide; in hex, as the Webrecorder tools write it."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def target_of(url: str) -> str:
    """Return an address as a record's target: without fragment, user name and password."""
    return without_user(urldefrag(url).url)


_NO_DATE: Final = "1970-01-01T00:00:00Z"
"""There must be one; of what is not there any more it tells nothing."""


def _new_id() -> str:
    return uuid4().urn


def _refers(profile: str, earlier: Payload | None) -> list[tuple[str, str]]:
    found = [("WARC-Profile", profile)]
    if earlier is not None:
        found += [
            ("WARC-Refers-To-Target-URI", target_of(earlier.url)),
            ("WARC-Refers-To-Date", rfc3339(earlier.at) or ""),
        ]
    if profile == SAME_PAYLOAD:
        found.append(("WARC-Truncated", "length"))
    return found


def _record(head: Iterable[tuple[str, str]], content_type: str, block: bytes) -> bytes:
    record = new_record()
    record.headers.status_line = "WARC/1.1"
    for name, value in (*head, ("Content-Type", content_type)):
        record.headers.append_bytes(name.encode(), _one_line(value.encode(errors="replace")))
    record.headers.append("WARC-Block-Digest", digest_of(block))
    record.set_bytes_content(block)
    out = io.BytesIO()
    record.write(out)
    return out.getvalue()


def _answer_head(exchange: Exchange) -> bytes:
    try:
        phrase = HTTPStatus(exchange.status).phrase
    except ValueError:
        phrase = ""
    line = f"{exchange.protocol} {exchange.status} {phrase}".encode("latin-1", "replace")
    return line + b"\r\n" + _lines(exchange.headers) + b"\r\n"


def _request(exchange: Exchange) -> bytes:
    parts = urlsplit(target_of(exchange.url))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = [(n, v) for n, v in exchange.request_headers if n.lower() not in _SECRET]
    if not any(name.lower() == b"host" for name, _ in headers):
        headers.insert(0, (b"Host", parts.netloc.encode(errors="replace")))
    line = f"{exchange.method} {path} HTTP/1.1".encode(errors="replace")
    return line + b"\r\n" + _lines(headers) + b"\r\n"


def _lines(headers: RawHeaders | list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%s: %s\r\n" % (_one_line(n), _one_line(v)) for n, v in headers)


def _metadata(draft: Draft) -> list[tuple[str, str]]:
    asked = target_of(draft.requested_url)
    fields = [("nordcrawl-source", draft.source), ("nordcrawl-run", draft.run_id)]
    if asked != target_of(draft.exchange.url):
        fields.append(("via", asked))
    if draft.article_id is not None:
        fields.append(("nordcrawl-article", draft.article_id))
    return fields


def _fields(fields: Iterable[tuple[str, str]]) -> bytes:
    """Return warc-fields. Source: WARC 1.1, application/warc-fields."""
    return b"".join(
        f"{name}: ".encode() + _one_line(value.encode(errors="replace")) + b"\r\n"
        for name, value in fields
        if value
    )


def _one_line(value: bytes) -> bytes:
    return value.replace(b"\r", b" ").replace(b"\n", b" ")
