"""Files: WARC files of this machine or the web, plain, compressed, or in a WACZ, as streams.

Source: specs.webrecorder.net/wacz (a ZIP whose folder ``archive/`` has the WARC files).
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import unquote, urlsplit

from nordcrawl.capture.stream import Damaged, is_warc
from nordcrawl.errors import UsageError
from nordcrawl.importing.download import Web, address, checked
from nordcrawl.model.printable import shown

_ZIP: Final = b"PK\x03\x04"
_WARCS: Final = (".warc", ".warc.gz", ".warc.zst")


@dataclass(frozen=True, slots=True)
class Given:
    """A file to be imported."""

    name: str
    """How it is told: without its folder or host, which say nothing elsewhere."""
    open: Callable[[], IO[bytes]]
    """Opens it, from the start. One of the web it downloads, and raises `UsageError` where that is
    not of WARC records, `NotFetched` where it can't be had, `SpoolError` where there is no room."""


def check(names: Iterable[str], web: Web) -> list[Given]:
    """Return the files of these names and addresses, before any of them is read.

    Raises:
        UsageError: one is none that can be read, or not of WARC records by its first bytes; of
            those of the web the addresses alone are looked at.
    """
    return [_elsewhere(name, web) if "://" in name else local(Path(name)) for name in names]


def local(path: Path) -> Given:
    """Return a file of this machine; raises `UsageError` as `check` does."""
    try:
        with path.open("rb") as file:
            _check(str(path), file)
    except OSError as error:
        raise UsageError(f"{shown(str(path))}: {error.strerror or error}") from None
    name = path.name.encode(errors="replace").decode()
    return Given(name, lambda: path.open("rb"))


def _elsewhere(url: str, web: Web) -> Given:
    def opened() -> IO[bytes]:
        file = web.download(url)
        _check(address(url), file)
        return file

    parts = urlsplit(checked(url))
    name = unquote(parts.path).rstrip("/").rpartition("/")[2]
    return Given(shown(name or parts.netloc), opened)


def _check(name: str, file: IO[bytes]) -> None:
    """See by its first bytes that a file is of WARC records, or a ZIP; go back to the start."""
    start = file.read(8)
    file.seek(0)
    if not start.startswith(_ZIP) and not is_warc(start):
        what = "no WARC or WACZ file" if start else "the file is empty"
        raise UsageError(f"{shown(name)}: {what}")


def warcs_of(given: Given) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the WARC files that a file is or holds, each with its name: its own, in a WACZ followed
    by that of what is in it.

    Raises:
        Damaged: it is no whole ZIP file, or holds no WARC file.
        UsageError, NotFetched, SpoolError: as `Given.open`.
    """
    try:
        with given.open() as file:
            if file.read(4) != _ZIP:
                file.seek(0)
                yield given.name, file
                return
            with zipfile.ZipFile(file) as packed:
                yield from _within(given.name, packed)
    except zipfile.BadZipFile as error:
        raise Damaged(0, f"no whole WACZ file ({error})") from error
    except OSError as error:
        raise Damaged(0, f"can't be read: {error.strerror or error}") from error


def _within(name: str, packed: zipfile.ZipFile) -> Iterator[tuple[str, IO[bytes]]]:
    found = [
        one
        for one in packed.infolist()
        if one.filename.startswith("archive/") and one.filename.lower().endswith(_WARCS)
    ]
    if not found:
        raise Damaged(0, "a ZIP file without archive/*.warc.gz, so no WACZ file")
    for one in found:
        try:
            inner = packed.open(one)
        except (NotImplementedError, RuntimeError) as error:  # an odd compression, a password
            raise Damaged(one.header_offset, f"{one.filename}: {error}") from error
        with closing(inner):
            yield f"{name}/{Path(one.filename).name}", inner
