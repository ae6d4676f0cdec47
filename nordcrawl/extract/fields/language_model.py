"""The identifier's model, unpacked once a machine instead of once a process.

py3langid ships 68 MB of tables as LZMA: 0.5 s of CPU, of which a crawl of two pages pays as much as
one of two thousand. What it unpacked is kept in the user's cache folder, under zstd, and read from
there in a fifth of the time. The cache is worth nothing: missing, damaged or not writable, the
package's own file is read, and nobody is told.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from array import array
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import platformdirs
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from nordcrawl.system.disk import make_folders, replaced

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

logger = logging.getLogger(__name__)

#: Of zstd: a frame ends with a checksum of what is in it, so that damage is seen.
_OPTIONS: Final[dict[int, int]] = {
    zstd.CompressionParameter.compression_level: 3,
    zstd.CompressionParameter.checksum_flag: 1,
}


def load() -> LanguageIdentifier:
    """Return the identifier of py3langid, all its languages in it."""
    path = _path()
    if path is not None:
        with contextlib.suppress(FileNotFoundError):
            try:
                with zstd.ZstdFile(path) as file:
                    return _read(file)
            except FileNotFoundError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a damaged file makes numpy raise
                logger.debug("%s is of no use: %s", path, error)
    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    if path is not None:
        try:
            make_folders(path.parent, 0o700)
            with replaced(path) as plain, zstd.ZstdFile(plain, "wb", options=_OPTIONS) as file:
                _write(file, model)
        except OSError as error:
            logger.debug("%s can't be kept: %s", path, error)
    return model


def _path() -> Path | None:
    """Return where the tables of this release of py3langid are kept; None without a home."""
    try:
        folder = platformdirs.user_cache_path("nordcrawl", appauthor=False)
    except RuntimeError:  # a user whom no file knows, under some container's number
        return None
    name = f"language-model-{version('py3langid')}-{sys.byteorder}.npy.zst"
    return folder / name if folder.is_absolute() else None


def _write(file: zstd.ZstdFile, model: LanguageIdentifier) -> None:
    for table in (
        model.nb_ptc, model.nb_pc, model.nb_classes, model.tk_nextmove, model.tk_row,
        np.asarray(model.tk_output, dtype=np.int32),
    ):  # fmt: skip
        np.save(file, np.asarray(table), allow_pickle=False)


def _read(file: zstd.ZstdFile) -> LanguageIdentifier:
    ptc, pc, classes, nextmove, row, output = (np.load(file, allow_pickle=False) for _ in range(6))
    if file.read(1):  # also brings the checksum to be looked at
        raise ValueError("bytes are left over")
    return LanguageIdentifier(
        ptc, pc, classes.tolist(), _array(nextmove), output.tolist(), tk_row=_array(row)
    )


def _array(table: np.ndarray[Any, Any]) -> array[int]:
    """Return a table as what a walk of the automaton reads fastest, as py3langid itself has it."""
    values = array(table.dtype.char)
    values.frombytes(memoryview(table.data).cast("B"))
    return values
