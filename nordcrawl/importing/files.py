"""Files: WARC files on this machine, plain, compressed, or in a WACZ, as streams.

Source: specs.webrecorder.net/wacz (a ZIP whose folder ``archive/`` has the WARC files).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Final

from nordcrawl.capture.stream import Damaged, is_warc
from nordcrawl.errors import UsageError
from nordcrawl.model.printable import shown

_ZIP: Final = b"PK\x03\x04"
_WARCS: Final = (".warc", ".warc.gz", ".warc.zst")


def check(names: list[str]) -> list[Path]:
    """Return the files of these names, before any of them is read.

    Raises:
        UsageError: one is none that can be read, or not of WARC records by its first bytes.
    """
    return [_check(name) for name in names]


def _check(name: str) -> Path:
    if "://" in name:
        raise UsageError(f"{shown(name)}: only files can be imported: download it first")
    path = Path(name)
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise UsageError(f"{shown(name)}: {error.strerror or error}") from None
    if not start.startswith(_ZIP) and not is_warc(start):
        what = "no WARC or WACZ file" if start else "the file is empty"
        raise UsageError(f"{shown(name)}: {what}")
    return path


def warcs_of(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the WARC files that a file is or holds, each with its name: that of the file without
    its folder, in a WACZ followed by its own.

    Raises:
        Damaged: it is no whole ZIP file, or holds no WARC file.
    """
    name = name_of(path)
    try:
        with path.open("rb") as file:
            if file.read(4) != _ZIP:
                file.seek(0)
                yield name, file
                return
            with zipfile.ZipFile(file) as packed:
                yield from _within(name, packed)
    except zipfile.BadZipFile as error:
        raise Damaged(0, f"no whole WACZ file ({error})") from error
    except OSError as error:
        raise Damaged(0, f"can't be read: {error.strerror or error}") from error


def name_of(path: Path) -> str:
    """Return how a file is told: its name without its folder, which says nothing elsewhere."""
    return path.name.encode(errors="replace").decode()


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
