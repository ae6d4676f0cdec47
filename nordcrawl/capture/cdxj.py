"""CDXJ: the index of a WARC file, a line for each capture, sorted, as pywb reads it.

A line is the address as a key (SURT: the host turned round), the time as 14 digits, and a JSON
object. Source: pywb.readthedocs.io, "Web Archive Index"; IIPC CDXJ 1.0 draft.
"""

from __future__ import annotations

import re

import orjson

from nordcrawl.capture.read import Unit, Warc, units_of
from nordcrawl.capture.surt import url_key
from nordcrawl.model.capture import REVISIT


def index(body: bytes, file_name: str) -> bytes:
    """Return the index of a file's bytes; `file_name` is how its lines call it.

    Raises:
        ValueError: it is no WARC file of ours.
    """
    lines = [_line(unit, file_name) for unit in units_of(body) if unit.is_capture]
    return b"".join(sorted(lines))


def _line(unit: Unit, file_name: str) -> bytes:
    record = unit.records[0]
    status, mime = _status_and_type(record)
    values = {
        "url": record.url,
        "mime": mime,
        "status": status,
        "digest": record.headers.get("warc-payload-digest", "-"),
        "length": str(record.length),
        "offset": str(record.offset),
        "filename": file_name,
    }
    digits = re.sub(r"\D", "", record.headers.get("warc-date", ""))[:14]
    head = f"{url_key(record.url)} {digits} ".encode(errors="replace")
    return head + orjson.dumps(values) + b"\n"


def _status_and_type(record: Warc) -> tuple[str, str]:
    first, headers, _ = record.http
    if record.type == REVISIT:
        mime = "warc/revisit"
    else:
        told = next((value for name, value in headers if name == "content-type"), "")
        mime = told.partition(";")[0].strip().lower() or "unk"
    return first.split(" ")[1] if " " in first else "-", mime
