"""Alike: what all machines of a cluster must have in common, and the refusal where they have not.

An order and its outcome are values of one release, and what is archived by one machine is known to
the next by the archive: neither is guessed at.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from nordcrawl._version import __version__
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write import read_id
from nordcrawl.errors import UsageError
from nordcrawl.model.printable import shown


def refuse_another_release(values: Mapping[str, Any]) -> None:
    """Look at the `release` of what a machine was sent, before it reads any more of it.

    Raises:
        UsageError: it is another one than this machine's, or none.
    """
    if values.get("release") != __version__:
        raise UsageError(
            f"{socket.gethostname()} has nordcrawl {__version__}, and was sent work by "
            f"{shown(str(values.get('release')))}: install the same release on all"
        )


def refuse_another_archive(store: Store, archive_id: str | None) -> None:
    """Look whether an archive's address leads to the same archive on this machine, by its id.

    Raises:
        UsageError: it is another one, or none.
        ArchiveDamaged, StoreRefused, StoreUnavailable: the archive's id can't be read.
    """
    if read_id(store) != archive_id:
        raise UsageError(
            f"{store.uri} is another archive on {socket.gethostname()} than where the command "
            "was called: all machines need one and the same"
        )
