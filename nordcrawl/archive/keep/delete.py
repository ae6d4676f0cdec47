"""Deletion: the one place where an object of an archive is deleted, and only with a proof.

What may go is proven right before it goes, from what the store gives back then, never by what is
not there: a listing may lag, a commit be lost or forged, a get answer "missing" by mistake. The
proofs are those of `proofs`.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType
from typing import Final

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.catalog import Catalog
from nordcrawl.archive.format.commit import Commit, CommitKind, KnownCommit, Segment, is_copy
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lease import Holder, parse_lease_key
from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.format.probe import probe_of
from nordcrawl.archive.format.units import units
from nordcrawl.archive.keep.caches import Caches
from nordcrawl.archive.keep.proofs import (
    OUTLIVED,
    Beside,
    Cache,
    Cleaned,
    Continued,
    Outlived,
    Proof,
    Taken,
    Uncommitted,
)
from nordcrawl.archive.keep.testimony import Testimony
from nordcrawl.archive.log.erasures import Erasures, Orders, clean_report
from nordcrawl.archive.log.follow import follow, get_patiently, is_there, listed, tries
from nordcrawl.archive.log.pieces import PartMovedError, check_part, part_body, slices, told
from nordcrawl.archive.log.snapshot import NOTHING, LivePart, Snapshot
from nordcrawl.archive.log.wholeness import heads_told, take_whole
from nordcrawl.archive.store.protocol import Store
from nordcrawl.capture.cdxj import index
from nordcrawl.errors import ArchiveDamaged, ObjectMissing

_TURNS: Final = 20
"""How often the logs may have gone on while one key was proven."""


class UnprovenError(Exception):
    """Nothing proves that an object may go, so it stays; the text says why."""


class LaterError(Exception):
    """An object may go, but not yet: somebody may still look for it."""


def delete_own(store: Store, key: str, body: bytes) -> None:
    """Delete what the caller put a moment ago, and nobody else has to do with: a probe, a part of a
    commit that was given up.

    Raises:
        UnprovenError: these are not its bytes.
        StoreRefused, StoreUnavailable: the store.
    """
    with suppress(ObjectMissing):
        if store.get(key) != body:
            raise UnprovenError(f"{key}: not the bytes that were put")
    store.delete(key)


class Deleter:
    """Deletes with proofs. Knows all logs, and reads on in those concerned before each deletion."""

    def __init__(
        self,
        store: Store,
        pause: Callable[[float], None] = time.sleep,
        own: Mapping[str, KnownCommit] = MappingProxyType({}),
    ) -> None:
        """Read all logs; `own` are commits that the caller put, and a listing may lack yet.

        Raises:
            ArchiveDamaged: a log has a hole, or is not what somebody saw of it.
            StoreRefused, StoreUnavailable: the store.
        """
        self._store = store
        self._pause = pause
        self._told = {**heads_told(store), **own}
        self._orders = Orders(store)
        self._now: datetime | None = None
        self._listed: dict[str, int] = {}
        self._caches = Caches(store)
        self._leases: set[str] = set()
        """Keys of leases that were read back."""
        self.refresh()

    def refresh(self) -> None:
        """Read all logs and orders anew; raises as the constructor."""
        self.snapshot: Snapshot = take_whole(self._store, self._told)
        self.erasures: Erasures = self._orders.read()
        self._parts: dict[str, LivePart] = {}
        """All that was ever added."""
        self._removed_by: dict[str, Commit] = {}
        for log in self.snapshot.logs.values():
            for commit in log:
                self._parts |= {
                    entry.key: LivePart(commit, number) for number, entry in enumerate(commit.add)
                }
                self._removed_by |= dict.fromkeys(commit.remove, commit)
        self._holders: defaultdict[str, list[tuple[Segment, LivePart]]] = defaultdict(list)
        for part in self.snapshot.live:
            for segment in part.segments:
                self._holders[segment.origin].append((segment, part))
        self._intact: dict[str, dict[str, str]] = {}
        """Of live parts that were read back: digest by origin."""

    def delete(self, key: str, proof: Proof) -> None:
        """Delete an object; none is no error, unless the proof has to look into it.

        Raises:
            UnprovenError: the proof does not hold.
            LaterError: it may, but the store does not show it, or not everybody yet what it takes.
            ArchiveDamaged: a log is broken.
            StoreRefused, StoreUnavailable: the store.
        """
        match proof:
            case Taken():
                self._prove_taken(key)
            case Uncommitted():
                self._delete_uncommitted(key, proof)
                return
            case Beside():
                self._prove_beside(key)
            case Cache():
                self._prove_cache(key)
            case Continued():
                self._prove_continued(key, proof.by)
            case Cleaned():
                self._prove_cleaned(key, proof.by)
            case Outlived():
                self._prove_outlived(key, proof.by)
        self._delete(key)

    def _delete(self, key: str) -> None:
        """Delete an object, and before it what lies beside it, which is made of it."""
        if (beside := keys.index_key(key)) is not None:
            self._store.delete(beside)
        self._store.delete(key)

    def _prove_beside(self, key: str) -> None:
        part = keys.indexed_part(key)
        live = part in self._parts and part not in self._removed_by
        if part is None or live or is_there(self._store, part):
            raise UnprovenError(f"{key}: no index of a part that is not there")

    def _body(self, key: str) -> bytes:
        """Return what a proof has to look into. A store that does not show it may be mistaken, and
        would delete it all the same."""
        try:
            return get_patiently(self._store, key)
        except ObjectMissing:
            raise LaterError(f"{key}: is not shown by the store") from None

    # --- parts that were replaced or settled ------------------------------------------------

    def _prove_taken(self, key: str) -> None:
        for _ in range(_TURNS):
            if key not in self._removed_by or key not in self._parts:
                raise UnprovenError(f"{key}: no commit added and removed it")
            part, by = self._parts[key], self._removed_by[key]
            self._await_listed(by)
            settled = by.kind in (CommitKind.RELEASE, CommitKind.DROP)
            try:
                witnesses = self._settled(part, by) if settled else self._witnesses(part)
            except PartMovedError:
                self.refresh()
                continue
            if not self._went_on({part.commit.writer, *(p.commit.writer for p in witnesses)}):
                return
            self.refresh()
        raise LaterError(f"{key}: the logs go on faster than they are read")

    def _witnesses(self, removed: LivePart) -> list[LivePart]:
        """Return live parts that hold all that a removed one held, but for what orders cover."""
        entry = removed.entry
        witnesses: list[LivePart] = []
        less: list[Segment] = []
        for segment in removed.segments:
            for held, part in self._holders.get(segment.origin, ()):
                if held == segment and self._is_intact(part, held):
                    witnesses.append(part)
                    break
            else:
                less.append(segment)
        if less:
            body = self._body(entry.key)
            try:
                check_part(entry, body)
            except ArchiveDamaged as error:
                raise UnprovenError(f"{error}, and not all of it lies elsewhere") from None
            for segment, piece in slices(removed, body):
                if segment in less:
                    witnesses += self._explained(removed, segment, piece)
        return witnesses

    def _settled(self, removed: LivePart, commit: Commit) -> list[LivePart]:
        """Return live parts that say of each line of a part of quarantine what became of it."""
        entry = removed.entry
        if entry.kind is not PartKind.QUARANTINE:
            raise UnprovenError(f"{entry.key}: not of quarantine, and neither released nor dropped")
        body = self._body(entry.key)
        try:
            check_part(entry, body)
        except ArchiveDamaged as error:
            raise UnprovenError(str(error)) from None
        origins = {added.key for added in commit.add} | {s.origin for s in removed.segments}
        found = Testimony(self._store, self._holders, origins)
        for line, values in told(removed, body):
            if not self.erasures.covers(entry.kind, values) and not found.tells(line, values):
                raise UnprovenError(
                    f"{entry.key}: {commit.key} does not say what became of {values['url']}"
                )
        return found.parts

    def _explained(self, removed: LivePart, segment: Segment, piece: bytes) -> list[LivePart]:
        """Return the parts that hold the lines of a segment which no order covers."""
        entry = removed.entry
        kind = entry.kind
        lines = Counter(
            unit
            for unit, values in told(removed, piece)
            if values and not self.erasures.covers(kind, values)
        )
        witnesses = []
        for _, part in self._holders.get(segment.origin, ()):
            if not lines:
                break
            for held, bytes_ in slices(part, part_body(self._store, part)):
                if is_copy(held, segment):
                    lines -= Counter(units(kind, bytes_))
                    witnesses.append(part)
        if lines:
            raise UnprovenError(
                f"{entry.key}: {lines.total()} of its lines are in no live part, and no erasure "
                "order covers them"
            )
        return witnesses

    def _is_intact(self, part: LivePart, segment: Segment) -> bool:
        """Return whether a live part, read back, has the bytes of a segment."""
        key = part.entry.key
        if key not in self._intact:
            try:
                found = slices(part, part_body(self._store, part))
                self._intact[key] = {one.origin: one.sha256 for one, _ in found}
            except ArchiveDamaged:
                self._intact[key] = {}
        return self._intact[key].get(segment.origin) == segment.sha256

    def _went_on(self, writers: set[str]) -> bool:
        """Return whether any of these logs has more commits by now."""
        heads = {writer: self.snapshot.heads.get(writer, NOTHING) for writer in writers}
        return any(trail.commits for trail in follow(self._store, heads).values())

    def _await_listed(self, commit: Commit) -> None:
        """Wait until whoever misses a part can find the commit that explains it."""
        for _ in tries(self._pause):
            if self._listed.get(commit.writer, 0) >= commit.seq:
                return
            found = listed(self._store, commit.writer)
            self._listed |= {writer: known.seq for writer, known in found.items()}
            if self._listed.get(commit.writer, 0) >= commit.seq:
                return
        raise LaterError(f"{commit.key}: not listed by the store yet")

    # --- parts that no log lists ------------------------------------------------------------

    def _delete_uncommitted(self, key: str, proof: Uncommitted) -> None:
        named = keys.parse_part_key(key)
        manifest = keys.manifest_of(key)
        if named is None and manifest is None:
            raise UnprovenError(f"{key}: no part")
        if key in self._parts:
            raise UnprovenError(f"{key}: committed")
        entry = next((e for e in self._store.list(key) if e.key == key), None)
        if entry is None:
            return
        if entry.modified is None:
            raise UnprovenError(f"{key}: the store does not say when it was put")
        begin = max(entry.modified, proof.since) if proof.since else entry.modified
        if self._store_now() - begin < proof.age:
            raise LaterError(f"{key}: put less than {proof.age} ago, by the store's clock")
        body = self._body(key)
        if self._is_listed(key, named, manifest):
            raise UnprovenError(f"{key}: in use since")
        self._delete(key)
        if self._is_listed(key, named, manifest):
            # Its writer came back at this very moment, and believes that it is there.
            self._store.put(key, body, content_type=keys.PART_TYPE)
            if (beside := keys.index_key(key)) is not None:
                self._store.put(beside, index(body, key), content_type=keys.INDEX_TYPE)
            raise UnprovenError(f"{key}: in use since")

    def _is_listed(
        self, key: str, named: tuple[PartKind, str, str] | None, manifest: str | None
    ) -> bool:
        if manifest is not None:
            return manifest != key and is_there(self._store, manifest)
        writer = named[2] if named else ""
        if named is not None and named[0] is PartKind.CAPTURE:  # whose it is its key does not say
            there = listed(self._store)
            heads = dict.fromkeys(there, NOTHING) | dict(self.snapshot.heads)
        else:
            there = listed(self._store, writer)
            heads = {writer: self.snapshot.heads.get(writer, NOTHING)}
        trails = follow(self._store, heads, there).values()
        return any(part.key == key for t in trails for commit in t.commits for part in commit.add)

    def _store_now(self) -> datetime:
        """Return the time by the store's clock, a little in the past."""
        if self._now is None:
            key, body = probe_of(secrets.token_hex(5))
            self._store.put(key, body, content_type=keys.JSON_TYPE)
            try:
                self._now = self._put_at(key)
            finally:
                delete_own(self._store, key, body)
        return self._now

    def _put_at(self, key: str) -> datetime:
        """Return when a new object was put, by the store's clock, once it is listed."""
        for _ in tries(self._pause):
            for entry in self._store.list(key):
                if entry.key == key and entry.modified is not None:
                    return entry.modified
        raise LaterError(f"{key}: not listed with its time, so the store's clock is not known")

    # --- checkpoints and reports ------------------------------------------------------------

    def _prove_cache(self, key: str) -> None:
        manifest = keys.manifest_of(key)
        if manifest is None:
            raise UnprovenError(f"{key}: of no checkpoint")
        if not self._caches.is_doomed(manifest, self.snapshot, self.erasures):
            raise UnprovenError(f"{manifest}: whole, of the newest, and nothing in it is erased")

    def _prove_continued(self, key: str, by: str) -> None:
        try:
            old, new = (Catalog.decode(k, self._store.get(k)) for k in (key, by))
        except (ObjectMissing, ArchiveDamaged) as error:
            raise UnprovenError(f"{key}: {error}") from None
        if key == by or new.until(old.name) != old:
            raise UnprovenError(f"{key}: {by} does not begin with all of it")

    def _prove_cleaned(self, key: str, by: str) -> None:
        if not (key.startswith("runs/") and by.startswith("runs/") and key != by):
            raise UnprovenError(f"{key}: no report")
        try:
            old, new = decode_json(self._store.get(key)), decode_json(self._store.get(by))
        except (ObjectMissing, ValueError) as error:
            raise UnprovenError(f"{key}: {error}") from None
        for report in (old, new):
            report.pop("sha256", None)
        if clean_report(old, self.erasures) != new:
            raise UnprovenError(f"{by}: not what {key} says but for what is erased")

    def _prove_outlived(self, key: str, by: str) -> None:
        old, new = parse_lease_key(key), parse_lease_key(by)
        if old is None or new is None or old.claimed != new.claimed:
            raise UnprovenError(f"{key}: {by} is no lease of the same source or host")
        if new.slot - old.slot < OUTLIVED:
            raise UnprovenError(f"{key}: {by} is not of {OUTLIVED} later")
        for lease in (key, by):
            if lease in self._leases:
                continue
            try:
                Holder.decode(self._store.get(lease))
            except ObjectMissing:  # another compaction was here, or it is shown next time
                raise LaterError(f"{key}: {lease} is not there") from None
            except (ArchiveDamaged, ValueError) as error:
                raise UnprovenError(f"{key}: {lease} is no lease: {error}") from None
            self._leases.add(lease)
