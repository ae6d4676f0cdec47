"""Identity: whether a spool is still the one of its log, and what it does when it is not.

A copy of the spool may have gone on under the same writer id, or an earlier life of it, from before
a backup was brought back; or the archive is another one.
"""

from __future__ import annotations

import hashlib
import logging

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.local.purge import move_captures
from nordcrawl.archive.local.sealed import SealedPart
from nordcrawl.archive.local.sealed_files import read_sealed
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.log.follow import chain, got
from nordcrawl.archive.log.snapshot import take
from nordcrawl.archive.store.protocol import Store

logger = logging.getLogger(__name__)


def key_of(spool: Spool, part: SealedPart) -> str:
    """Return the key that a sealed part is put under."""
    writer = part.own or spool.writer
    return keys.part_key(part.kind, spool.source, part.date, writer, part.first_seq)


def digest_at(store: Store, key: str) -> str | None:
    """Return the digest of an object, None if there is none."""
    body = got(store, key)
    return None if body is None else hashlib.sha256(body).hexdigest()


def log_head(spool: Spool) -> dict[str, str | int | None]:
    """Return this writer's last commit, as a run's manifest tells it: who loses that commit loses
    an object that nothing behind it in the log would miss."""
    seq, sha256 = spool.committed()
    return {"writer": spool.writer, "seq": seq, "sha256": sha256}


def is_archive_known(store: Store, spool: Spool) -> bool:
    """Return whether the archive is the one that a spool knows: a commit it remembers, its own if
    there is one, is still there. A deleted and newly begun archive has none of them.

    Where its own last one closed the log, another log is begun for what is to come.
    """
    writer = spool.writer
    cseq, sha256 = spool.committed()
    if cseq == 0:
        known = spool.state.cursors()
        if not known:
            return True
        writer = max(known, key=lambda one: (known[one][1] is not None, known[one][0]))
        cseq, sha256 = known[writer]
    key = keys.commit_key(writer, cseq)
    if (body := got(store, key)) is None:
        return False
    if sha256 not in (None, hashlib.sha256(body).hexdigest()):
        return False
    if writer == spool.writer and Commit.decode(key, body).closed:
        spool.change_writer()
    return True


def taken_commit(store: Store, spool: Spool) -> str | None:
    """Return the key of a commit of this writer that this spool did not write; None if there is
    none.

    That is one of a copy of the spool, or of a later life of it from before a backup was restored.
    A store with conditional puts would tell at the first put; this finds it without them.
    """
    cseq, _ = spool.committed()
    key = keys.commit_key(spool.writer, cseq + 1)
    frozen = spool.frozen()
    ours = hashlib.sha256(frozen[2]).hexdigest() if frozen else None
    return None if digest_at(store, key) in (None, ours) else key


def become_new_writer(store: Store, spool: Spool, why: str) -> list[SealedPart]:
    """Take a new writer id for all that is not committed.

    Parts that the other one has committed under the old id already are not put again; return these.
    """
    old = spool.writer
    theirs = {
        (part.key, part.sha256)
        for commit in chain(store, old, *spool.committed())
        for part in commit.add
    }
    archived = [part for part in spool.parts() if (key_of(spool, part), part.sha256) in theirs]
    there, taken = _captures(store, spool)
    archived += [part for part in there if part not in archived]
    spool.change_writer(archived)
    for part in taken:
        move_captures(spool, part)
    logger.error(
        "%s: is the spool %s a copy, or restored from a backup? Nothing was overwritten; "
        "writer %s is now %s, and %d lines will be put under keys of its own",
        *(why, spool.folder, old, spool.writer, spool.backlog.lines),
    )
    return archived


def _captures(store: Store, spool: Spool) -> tuple[list[SealedPart], list[SealedPart]]:
    """Return the sealed captures that the archive has, and those of which it has, or had, other
    bytes under the key, which does not change with the writer's id.

    It has those with which a live part begins, too: the other one went on with the file, so what
    names a place in ours means the same there.
    """
    there: list[SealedPart] = []
    taken: list[SealedPart] = []
    captures = [part for part in spool.parts() if part.kind is PartKind.CAPTURE]
    snapshot = take(store) if captures else None
    digests = {
        entry.key: entry.sha256
        for log in (snapshot.logs.values() if snapshot else ())
        for commit in log
        for entry in commit.add
    }
    for part in captures:
        key = key_of(spool, part)
        body = got(store, key)
        found = None if body is None else hashlib.sha256(body).hexdigest()
        grown = body is not None and body.startswith(read_sealed(spool, part))
        if part.sha256 == digests.get(key) or (grown and found == digests.get(key)):
            there.append(part)
        elif key in digests or found not in (None, part.sha256):
            taken.append(part)
    return there, taken
