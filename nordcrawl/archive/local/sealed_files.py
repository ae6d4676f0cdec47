"""Sealed files: the files of a spool's sealed parts, written whole or not at all."""

from __future__ import annotations

import os

from nordcrawl.archive.local.sealed import SealedPart
from nordcrawl.archive.local.spool import Spool
from nordcrawl.system.disk import private, sync_folder
from nordcrawl.system.lock import explained


def write_sealed(spool: Spool, part: SealedPart, body: bytes) -> None:
    """Write a part's file so that its name never stands for less than the whole.

    The folder itself is synced by `sync_sealed`, once for all parts of a batch.

    Raises:
        SpoolError: the disk refuses.
    """
    path = spool.sealed / part.file_name
    staged = path.with_suffix(".tmp")
    with spool.files(), explained(path):
        with private(staged) as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)


def sync_sealed(spool: Spool) -> None:
    """Make the names in ``sealed/`` durable."""
    with spool.files(), explained(spool.sealed):
        sync_folder(spool.sealed)


def read_sealed(spool: Spool, part: SealedPart) -> bytes:
    """Return a sealed part's bytes.

    Raises:
        SpoolError: it can't be read.
    """
    path = spool.sealed / part.file_name
    with spool.files(), explained(path):
        return path.read_bytes()
