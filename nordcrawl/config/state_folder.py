"""State folder: where the spool and state of each archive and source lie on this machine.

One folder an archive, with one for each source in it. Its name is made of the archive's address,
for people; which archive it is of says ``archive.json`` in it: ids of the archive, and spellings of
its address. So an endpoint that is spelled otherwise leads to the same folder.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from nordcrawl.archive.store.address import archive_name
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write import has_commits_of, is_spool, read_id
from nordcrawl.config.options import Options
from nordcrawl.errors import SpoolError, StoreError
from nordcrawl.system.disk import make_folders, write_file

logger = logging.getLogger(__name__)

STATE_DIR_ADVICE: Final = "let NORDCRAWL_STATE_DIR name a folder that this user can write"
_TIE: Final = "archive.json"


def archive_folders(options: Options, store: Store | None, *, mark: bool = False) -> list[Path]:
    """Return the folders of an archive's spools, the one for new ones first; that may not be there.

    More than one where crawlers with two spellings of the address began at once, or an earlier
    nordcrawl told them apart. With `mark` they are marked as this archive's. Without a store that
    can be asked they are found by the archive's address.
    """
    try:
        archive_id = None if store is None else read_id(store)
    except StoreError:  # whoever needs the store meets it again
        archive_id = None
    address = _Address.of(options)
    folders = sorted(path for path in options.state_dir.glob("*/") if path.name[0] != ".")
    ties = {folder: _Tie.read(folder) for folder in folders}
    found = [folder for folder in folders if archive_id in ties[folder].ids]
    has_own = bool(found)
    for folder in folders:
        tie = ties[folder]
        named = address.text in tie.addresses or folder.name in address.names
        # At its address there may be another archive by now; what waits goes into that one.
        if folder not in found and (
            (named and not (tie.ids and has_own))
            or (not tie.ids and store is not None and _is_known(store, folder))
        ):
            found.append(folder)
    if mark and archive_id is not None:
        for folder in found:
            ties[folder].extended(archive_id, address.text).write(folder)
    return found or [options.state_dir / address.names[0]]


def spool_folders(options: Options, store: Store, source: str) -> list[Path]:
    """Return the folders of spool and state of a source, the one to be used first."""
    folders = [folder / source for folder in archive_folders(options, store)]
    return [folder for folder in folders if is_spool(folder)] or folders[:1]


def maintenance_folder(options: Options, store: Store) -> Path:
    """Return where the lock of an archive's maintenance lies, made if missing.

    Raises:
        SpoolError: it can't be made; the text says which setting names its place.
    """
    place = archive_folders(options, store)[0] / ".maintenance"
    try:
        make_folders(place, 0o700)
    except OSError as error:
        why = error.strerror or str(error)
        raise SpoolError(f"{place}: {why} ({STATE_DIR_ADVICE})") from error
    return place


def spools(folder: Path) -> list[str]:
    """Return the sources that have a spool in one of the `archive_folders`, sorted."""
    return sorted(place.name for place in folder.glob("*") if is_spool(place))


def _is_known(store: Store, folder: Path) -> bool:
    """Return whether an archive has the last commit of a spool in a folder."""
    try:
        return any(has_commits_of(store, folder / source) for source in spools(folder))
    except StoreError:
        return False


@dataclass(frozen=True, slots=True)
class _Tie:
    """What a folder says of its archive."""

    ids: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> _Tie:
        try:
            values = json.loads((folder / _TIE).read_bytes())
            return cls(tuple(map(str, values["ids"])), tuple(map(str, values["addresses"])))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s: not used: %s", folder / _TIE, error)
            return cls()

    def extended(self, archive_id: str, address: str) -> _Tie:
        return _Tie(
            tuple(dict.fromkeys((*self.ids, archive_id))),
            tuple(dict.fromkeys((*self.addresses, address))),
        )

    def write(self, folder: Path) -> None:
        if self == _Tie.read(folder):
            return
        values = {"ids": self.ids, "addresses": self.addresses}
        try:
            write_file(folder / _TIE, json.dumps(values, indent=1).encode())
        except OSError as error:  # it is found by its name, still
            logger.warning("%s: not written: %s", folder / _TIE, error.strerror)


@dataclass(frozen=True, slots=True)
class _Address:
    """An archive's address with the endpoint, without which a bucket's name says little."""

    text: str
    names: tuple[str, ...]
    """Names of a folder: of the plain spelling, and of the one given, as earlier ones used it."""

    @classmethod
    def of(cls, options: Options) -> _Address:
        name = archive_name(options.archive)
        given = ""
        if name.startswith("s3:"):
            given = (
                os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
            )
        spellings = dict.fromkeys((_plain(given), given))
        names = tuple(_folder_name(name, spelling) for spelling in spellings)
        return cls(f"{name} {_plain(given)}".rstrip(), names)


def _folder_name(name: str, endpoint: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[-40:].strip("-")
    digest = hashlib.sha256(f"{name} {endpoint}".encode()).hexdigest()[:8]
    return f"{slug}-{digest}"


def _plain(endpoint: str) -> str:
    """Return an endpoint's address without what changes nothing.

    Source: RFC 3986 section 6.2.2.1 (case of scheme and host) and 6.2.3 (default port, empty path).

    >>> _plain("HTTPS://S3.Example.org:443/"), _plain("http://127.0.0.1:9000")
    ('https://s3.example.org', 'http://127.0.0.1:9000')
    """
    try:
        parts = urlsplit(endpoint.strip())
        port = parts.port
    except ValueError:  # whoever opens the store says so
        return endpoint
    if not parts.hostname:
        return endpoint
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port not in (None, _PORTS.get(parts.scheme)):
        host = f"{host}:{port}"
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), parts.query, ""))


_PORTS: Final = {"http": 80, "https": 443}
