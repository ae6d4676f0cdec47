"""The archive's id: what tells one archive from another, whatever its address is spelled like.

An object of its own beside the marker, put if it is not there, so that an archive made before gets
one too, and nothing is overwritten. Where puts are not conditional, two that give an id at once may
both succeed; the store keeps one of the two, which both find at their next start.
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from typing import Final

from nordcrawl.archive.format.keys import JSON_TYPE
from nordcrawl.archive.format.sealed import decode_versioned, encode_sealed, readable
from nordcrawl.archive.log.follow import got
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ObjectConflict, StoreUnavailable

ID_KEY: Final = "_nordcrawl-id.json"
_FORMAT: Final = "nordcrawl-archive-id"
_ID = re.compile(r"[0-9a-f]{32}")
_TRIES: Final = 3
"""A store that says three times that what was put is missing can't be relied upon."""


def decode_id(body: bytes) -> str:
    """Return the id in an object's bytes: 32 hex digits.

    Raises:
        ArchiveDamaged: they are not what was put.
    """
    with readable(ID_KEY, "the id of an archive"):
        values = decode_versioned(body, _FORMAT, 1)
        if not _ID.fullmatch(values["id"]):
            raise ValueError(values["id"])
        return str(values["id"])


def read_id(store: Store) -> str | None:
    """Return the archive's id; None if it has none yet.

    Raises:
        ArchiveDamaged, StoreRefused, StoreUnavailable: it can't be read.
    """
    body = got(store, ID_KEY)
    return None if body is None else decode_id(body)


def give_id(store: Store) -> str:
    """Return the archive's id, put if it has none.

    Raises:
        ArchiveDamaged, StoreRefused, StoreUnavailable: it can't be read or put.
    """
    for _ in range(_TRIES):
        if (found := read_id(store)) is not None:
            return found
        values = {"format": _FORMAT, "version": 1, "id": secrets.token_hex(16)}
        with suppress(ObjectConflict):  # another one came first
            store.put(ID_KEY, encode_sealed(values), content_type=JSON_TYPE)
    raise StoreUnavailable(f"{store.uri}: {ID_KEY} was put, and is said to be missing")
