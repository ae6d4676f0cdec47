"""An exchange as WARC records: what is in them, what is not, and that others read them."""

from __future__ import annotations

import gzip
import io
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from nordcrawl.capture.cdxj import index
from nordcrawl.capture.read import problem, record_at, units_of, whole_length
from nordcrawl.capture.write import digest_of, filler, group, info, target_of
from nordcrawl.config.options import Options
from nordcrawl.errors import UsageError
from nordcrawl.model.capture import Draft, Exchange, Payload

AT = datetime(2026, 11, 27, 8, 30, 0, 123456, tzinfo=UTC)
BODY = gzip.compress("<html>Blåbær</html>".encode() * 50, mtime=0)
EXCHANGE = Exchange(
    url="https://user:pass@example.org/a?b=2#part",
    request_headers=(
        (b"User-Agent", b"nordcrawl"),
        (b"Cookie", b"session=secret"),
        (b"Authorization", b"Basic c2VjcmV0"),
        (b"Proxy-Authorization", b"Basic c2VjcmV0"),
    ),
    status=200,
    protocol="HTTP/1.1",
    headers=(
        (b"Content-Type", b"text/html; charset=utf-8"),
        (b"Content-Encoding", b"gzip"),
        (b"X-Two", b"1"),
        (b"X-Two", b"2"),
        (b"X-Raw", b"\xe6\xf8"),
    ),
    body=BODY,
    ip_address="192.0.2.7",
)
EARLIER = Payload(digest_of(BODY), "https://example.org/a?b=2", AT)


def draft(exchange: Exchange = EXCHANGE, **more: Any) -> Draft:
    values: dict[str, Any] = {
        "fetched_at": AT, "source": "example", "run_id": "run-1",
        "requested_url": "https://example.org/first", "article_id": "example:1",
    }  # fmt: skip
    return Draft(exchange, **{**values, **more})


def file_of(*drafts: Draft) -> bytes:
    head, info_id = info(AT)
    return head + b"".join(group(one, info_id).body for one in drafts)


def first_of(one: Draft) -> Any:
    """The first record of a capture."""
    return record_at(group(one, "urn:uuid:0").body)


def test_the_bytes_of_an_answer_are_those_that_came() -> None:
    record = first_of(draft())
    line, headers, payload = record.http
    assert line == "HTTP/1.1 200 OK"
    assert payload == BODY
    assert [value for name, value in headers if name == "x-two"] == ["1", "2"]
    assert dict(headers)["x-raw"].encode("latin-1") == b"\xe6\xf8"
    assert record.headers["warc-payload-digest"] == digest_of(BODY)
    assert record.headers["warc-date"] == "2026-11-27T08:30:00.123456Z"
    assert record.headers["warc-ip-address"] == "192.0.2.7"
    assert problem(record) is None


def test_nothing_that_says_who_asks_is_kept() -> None:
    raw = gzip.decompress(file_of(draft()))
    for secret in (b"session=secret", b"c2VjcmV0", b"user:pass", b"Cookie:", b"#part"):
        assert secret not in raw
    (request,) = [r for u in units_of(file_of(draft())) for r in u.records if r.type == "request"]
    assert request.block.startswith(b"GET /a?b=2 HTTP/1.1\r\nHost: example.org\r\n")
    assert target_of("http://u:p@example.org/a#b") == "http://example.org/a"


def test_a_header_can_not_write_a_record() -> None:
    evil = replace(EXCHANGE, headers=((b"X", b"a\r\n\r\nWARC/1.1\r\nWARC-Type: response"),))
    (_, unit) = units_of(file_of(draft(evil, article_id="a\r\nWARC-Type: x")))
    assert [record.type for record in unit.records] == ["response", "request", "metadata"]
    assert unit.values()["article_id"] == "a  WARC-Type: x"
    assert unit.records[0].http[2] == BODY


def test_the_same_payload_is_a_revisit() -> None:
    record = first_of(draft(earlier=EARLIER))
    assert record.type == "revisit"
    assert record.headers["warc-profile"].endswith("/1.1/revisit/identical-payload-digest")
    assert record.headers["warc-refers-to-target-uri"] == EARLIER.url
    assert record.headers["warc-refers-to-date"] == "2026-11-27T08:30:00.123456Z"
    assert record.headers["warc-payload-digest"] == EARLIER.digest
    assert record.headers["warc-truncated"] == "length"
    assert record.http[2] == b""
    assert ("x-two", "2") in record.http[1]


def test_another_payload_is_a_response_again() -> None:
    other = replace(EARLIER, digest=digest_of(b"other"))
    assert first_of(draft(earlier=other)).type == "response"


def test_not_modified_is_a_revisit() -> None:
    answer = replace(EXCHANGE, status=304, body=b"", headers=((b"ETag", b'"1"'),))
    record = first_of(draft(answer, earlier=EARLIER))
    assert record.type == "revisit"
    assert record.headers["warc-profile"].endswith("/1.1/revisit/server-not-modified")
    assert record.headers["warc-refers-to-date"] == "2026-11-27T08:30:00.123456Z"
    assert record.block == b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'


def test_a_body_that_broke_off_is_told_and_stands_for_nothing_else() -> None:
    one = draft(replace(EXCHANGE, truncated="disconnect"), earlier=EARLIER)
    record = first_of(one)
    assert record.type == "response"
    assert record.headers["warc-truncated"] == "disconnect"
    assert group(one, "urn:uuid:0").payload_digest is None


def test_a_capture_tells_whose_it_is() -> None:
    head, unit = units_of(file_of(draft()))
    assert head.values() == {}
    assert not head.is_capture
    assert unit.values() == {
        "source": "example",
        "run_id": "run-1",
        "article_id": "example:1",
        "url": "https://example.org/a?b=2",
        "fetch": {
            "requested_url": "https://example.org/first",
            "fetched_at": "2026-11-27T08:30:00.123456Z",
        },
    }


def test_other_libraries_read_it() -> None:
    body = file_of(draft(), draft(earlier=EARLIER))
    body += filler(2000) + file_of(draft())
    found = ArchiveIterator(io.BytesIO(body), check_digests="raise")
    kinds = []
    for record in found:
        kinds.append(record.rec_type)
        if record.rec_type == "response":
            assert record.content_stream().read().decode().startswith("<html>Blåbær")
            assert record.rec_headers.protocol == "WARC/1.1"
    assert kinds == [
        "warcinfo", "response", "request", "metadata", "revisit", "request", "metadata",
        "metadata", "warcinfo", "response", "request", "metadata",
    ]  # fmt: skip


def test_what_is_not_as_sent_is_told_in_the_file() -> None:
    told = record_at(file_of(draft())).fields()
    assert "transfer coding" in told["description"]
    assert told["format"] == "WARC File Format 1.1"


@pytest.mark.parametrize("length", [*range(260, 300), 1000, 70_000, 1 << 20])
def test_a_filler_is_of_just_so_many_bytes_and_tells_nothing(length: int) -> None:
    body = filler(length)
    assert len(body) == length
    (unit,) = units_of(body)
    assert unit.is_erased
    assert unit.values() == {}
    assert not unit.is_capture
    assert gzip.decompress(body).startswith(b"WARC/1.1\r\n")


def test_a_filler_fits_into_the_smallest_capture() -> None:
    bare = Exchange("http://a.b/", (), 304, "HTTP/1.1", (), b"")
    least = group(Draft(bare, AT, "a", "b", "http://a.b/"), "urn:uuid:0")
    assert len(filler(len(least.body))) == len(least.body)
    with pytest.raises(ValueError, match="too few"):
        filler(100)


def test_what_is_whole_of_a_file_that_was_cut() -> None:
    body = file_of(draft(), draft(earlier=EARLIER), draft())
    ends = {unit.offset + unit.length for unit in units_of(body)}
    for cut in (*range(0, len(body), 7), len(body)):
        whole = whole_length(body[:cut])
        assert whole == max((end for end in ends if end <= cut), default=0)
        assert whole_length(body[:cut] + b"\x1f\x8b garbage") == whole


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
def test_a_changed_record_is_found(place: float) -> None:
    raw = bytearray(gzip.decompress(group(draft(), "urn:uuid:0").body))
    raw = raw[: raw.index(b"WARC/1.1", 10)]
    start = raw.index(b"\r\n\r\n") + 4
    raw[start + int((len(raw) - start - 8) * place)] ^= 1
    assert problem(record_at(gzip.compress(bytes(raw)))) is not None


def test_an_index_leads_to_each_capture_by_its_line() -> None:
    plain = replace(EXCHANGE, url="https://www.example.org/B/", headers=(), body=b"x")
    body = file_of(draft(), draft(plain), draft(earlier=EARLIER))
    lines = index(body, "captures-v1/x.warc.gz").decode().splitlines()
    assert lines == sorted(lines)
    assert [line.rsplit(" ", 1)[0].split(" {")[0] for line in lines] == [
        "org,example)/a?b=2 20261127083000",
        "org,example)/a?b=2 20261127083000",
        "org,example)/b 20261127083000",
    ]
    told = [json.loads(line.split(" ", 2)[2]) for line in lines]
    assert sorted(t["mime"] for t in told) == ["text/html", "unk", "warc/revisit"]
    for values in told:
        record = record_at(body, int(values["offset"]))
        assert (record.url, str(record.length)) == (values["url"], values["length"])
        assert values["digest"] == record.headers["warc-payload-digest"]


def test_without_the_extra_a_crawl_does_not_begin_and_is_told_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nordcrawl.config.options.is_there", lambda: False)
    options = Options("archive", Path("state"), contact="a@example.org")
    name = next(iter(options.sources()))
    assert options.source(name).name == name
    with pytest.raises(UsageError, match=r"nordcrawl\[capture\]"):
        replace(options, capture=True).source(name)
    monkeypatch.setitem(sys.modules, "fastwarc.warc", None)
    with pytest.raises(UsageError, match=r"nordcrawl\[capture\]"):
        group(draft(), "urn:uuid:0")
    with pytest.raises(UsageError, match=r"nordcrawl\[capture\]"):
        record_at(gzip.compress(b"WARC/1.1"))
