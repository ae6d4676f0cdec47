"""The library that writes and parses WARC records: of the extra `capture`, loaded where it is used.

It has no wheels for musl and for Macs of Intel's, where pip builds it with Rust.
"""

from __future__ import annotations

import importlib.util
import io
from typing import TYPE_CHECKING

from nordcrawl.errors import UsageError

if TYPE_CHECKING:
    from fastwarc.warc import ArchiveIterator, WarcRecord

NEEDED = "pages as they were fetched need fastwarc: pip install 'nordcrawl[capture]'"


def is_there() -> bool:
    """Return whether the library is installed."""
    return importlib.util.find_spec("fastwarc") is not None


def new_record() -> WarcRecord:
    """Return an empty record.

    Raises:
        UsageError: the extra is not installed.
    """
    try:
        from fastwarc.warc import WarcRecord
    except ImportError:
        raise UsageError(NEEDED) from None
    return WarcRecord()


def records_in(raw: bytes) -> ArchiveIterator:
    """Return what yields the records of uncompressed bytes, their blocks untouched.

    Raises:
        UsageError: the extra is not installed.
    """
    try:
        from fastwarc.warc import ArchiveIterator
    except ImportError:
        raise UsageError(NEEDED) from None
    return ArchiveIterator(io.BytesIO(raw), parse_http=False)
