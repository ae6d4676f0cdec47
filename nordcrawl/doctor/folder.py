"""Folder: can an archive in a folder be read and written?"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from nordcrawl.archive.format.keys import JSON_TYPE
from nordcrawl.archive.format.probe import probe_of
from nordcrawl.archive.keep.delete import delete_own
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.store.protocol import MARKER_KEY, Put
from nordcrawl.doctor.finding import Finding, fail, failed, note, ok
from nordcrawl.doctor.machine import nearest_folder, room_finding
from nordcrawl.doctor.probe import marker_finding
from nordcrawl.errors import ExitCode, ObjectMissing, StoreError


def examine_folder(root: Path) -> Iterator[Finding]:
    """Look at an archive in a folder, and write a probe if it may be one."""
    store = FolderStore(root)
    staging = root / ".tmp"
    made = [path for path in (staging, root, *root.parents) if not path.exists()]
    if not root.exists():
        yield note("folder", f"{root} is not there yet", "the first crawl makes it; is it mounted?")
    elif not root.is_dir():
        yield fail(
            "folder", f"{root} is no folder", "let NORDCRAWL_ARCHIVE name one", ExitCode.STORE
        )
        return
    else:
        yield ok("folder", f"{root} is there")
        try:
            marker = store.get(MARKER_KEY)
        except ObjectMissing:
            yield marker_finding(store.uri, None)
        except StoreError as error:
            yield failed("marker", error)
        else:
            yield marker_finding(store.uri, marker)
    # One of its own, because it is deleted again: others may be looking at the same time.
    key, body = probe_of(secrets.token_hex(5))
    try:
        yield from _try_folder(store, key, body)
    except StoreError as error:
        yield failed("write", error)
        return
    finally:
        for path in made:
            with suppress(OSError):  # not made, or a crawl uses it already
                path.rmdir()
    yield room_finding("archive room", nearest_folder(root), 0)


def _try_folder(store: FolderStore, key: str, body: bytes) -> Iterator[Finding]:
    store.put(key, body, content_type=JSON_TYPE)
    yield ok("write", f"{key} put, with its folders on disk (fsync)")
    if store.get(key) != body:
        text = f"{key} has other bytes than were put"
        yield fail("read", text, "look at the disk", ExitCode.STORE)
    else:
        yield ok("read", "the same bytes are read back")
    if store.put(key, body, content_type=JSON_TYPE) is Put.ALREADY and store.exclusive:
        yield ok("fence", "a file is created or not, by hard link: nothing can be overwritten")
    else:
        yield note(
            "fence",
            "no hard links here: a lock keeps this machine's processes apart, no others",
            "let one machine only write as one spool: never copy a state folder",
        )
    delete_own(store, key, body)
    yield ok("delete", f"{key} deleted again")
