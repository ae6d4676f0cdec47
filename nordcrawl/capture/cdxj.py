"""CDXJ: the index of a WARC file, a line for each capture, sorted, as pywb reads it.

A line is the address as a key (SURT: the host turned round), the time as 14 digits, and a JSON
object. Source: pywb.readthedocs.io, "Web Archive Index"; IIPC CDXJ 1.0 draft.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import orjson

from nordcrawl.capture.read import Unit, Warc, units_of
from nordcrawl.model.capture import REVISIT

_WWW: Final = re.compile(r"^www\d*\.")


def index(body: bytes, file_name: str) -> bytes:
    """Return the index of a file's bytes; `file_name` is how its lines call it.

    Raises:
        ValueError: it is no WARC file of ours.
    """
    lines = [_line(unit, file_name) for unit in units_of(body) if unit.is_capture]
    return b"".join(sorted(lines))


def url_key(url: str) -> str:
    """Return an address so that addresses of one host, and of one domain, sort together.

    What does not tell pages apart is folded: case, ``www.``, the usual port, a final slash, the
    order of a query. Source: the `surt` library's IAURLCanonicalizer, which pywb uses.

    >>> url_key("https://WWW.Example.org:443/A/?b=2&a=1")
    'org,example)/a?a=1&b=2'
    >>> url_key("http://127.0.0.1:8080/")
    '127.0.0.1:8080)/'
    """
    parts = urlsplit(url)
    host = _WWW.sub("", (parts.hostname or "").lower())
    is_address = ":" in host or re.fullmatch(r"[\d.]+", host)
    name = host if is_address else ",".join(reversed(host.split(".")))
    port = parts.port
    if port is not None and port != {"http": 80, "https": 443}.get(parts.scheme):
        name += f":{port}"
    path = parts.path.lower().rstrip("/") or "/"
    query = "&".join(sorted(parts.query.lower().split("&"))) if parts.query else ""
    return f"{name}){path}" + (f"?{query}" if query else "")


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
