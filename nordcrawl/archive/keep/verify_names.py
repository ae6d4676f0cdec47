"""Rules of verification for what lies in an archive: marker, id, schemas, and nothing foreign."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.lease import Holder, parse_lease_key
from nordcrawl.archive.format.probe import is_probe, is_probe_key
from nordcrawl.archive.format.schema_file import (
    BEGUN_WITH,
    QUARANTINE_SCHEMA,
    SCHEMAS,
    schema_bytes,
)
from nordcrawl.archive.keep.facts import Facts
from nordcrawl.archive.keep.findings import Defect, damage, named, note, unfinished
from nordcrawl.archive.log.archive_id import ID_KEY, decode_id
from nordcrawl.archive.store.protocol import MARKER_BODY, MARKER_KEY
from nordcrawl.errors import ArchiveDamaged

SCHEMA_DIGESTS: Final = {
    "article-1": frozenset(
        {
            "f53ef03f9f329f988dd1321c030563082f18d50e3a1b6210b3171cbcb4098b93",  # 0.1.0
            "2fd02cc267607932a38b38cb950435d62642a2b0b664026d4a9f5ff95e984478",  # 0.2.0
        }
    ),
    "ledger-1": frozenset(
        {
            "277fa2e1f768aaf290a72202445637b24861e5088f45dd0d597aa5fc883d1aac",  # 0.1.0
            "589a7d9b2e585493d93220e59bff6655f716e86437a748e74297c30d9531e632",  # 0.2.0
        }
    ),
}
"""SHA-256 of each schema file as earlier releases put it; the first one's stays in an archive."""
_LITTER = re.compile(
    r"readme(\.[a-z]{1,4})?|\.ds_store|\._.*|thumbs\.db|desktop\.ini|\.directory|\.localized|\.nfs[0-9a-f]+",
    re.IGNORECASE,
)
"""Names of files that file managers make (Finder, Explorer, Dolphin) or NFS, and a README."""


def marker_and_id(facts: Facts) -> Iterator[Defect]:
    """The marker is there, to the byte, and the id, where there is one, is one."""
    if (body := facts.get(MARKER_KEY)) is None:
        yield damage(MARKER_KEY, "missing: nothing says that this is an archive")
    elif body != MARKER_BODY:
        yield damage(MARKER_KEY, "not the marker of an archive of version 1")
    if ID_KEY in facts.objects and (body := facts.get(ID_KEY)) is not None:
        try:
            decode_id(body)
        except ArchiveDamaged as error:
            yield named(error)


def schemas(facts: Facts) -> Iterator[Defect]:
    """The descriptions of the lines are there, as some release put them."""
    for name in SCHEMAS:
        key = keys.schema_key(name)
        if (body := facts.get(key)) is None:
            # One that is not begun yet has none.
            begun = name in BEGUN_WITH and any(map(keys.parse_commit_key, facts.objects))
            if begun or (name == QUARANTINE_SCHEMA and _has_quarantine(facts)):
                yield damage(key, "missing")
        elif body != schema_bytes(name) and hashlib.sha256(
            body
        ).hexdigest() not in SCHEMA_DIGESTS.get(name, ()):
            yield damage(key, "not a schema that any nordcrawl up to this one has put")


def _has_quarantine(facts: Facts) -> bool:
    return any(
        entry.kind is keys.PartKind.QUARANTINE for commit in facts.commits() for entry in commit.add
    )


def strangers(facts: Facts) -> Iterator[Defect]:
    """Nothing else lies there. To be asked last, when all that is known is."""
    foreign = set(facts.store.strangers())
    for name in sorted(foreign):
        yield _stranger(name)
    for key in sorted(facts.objects.keys() - facts.known - foreign):
        if is_probe_key(key) and is_probe(key, facts.get(key) or b""):
            continue
        if parse_lease_key(key) is not None and _is_lease(facts, key):
            continue
        if not facts.store.exists(key):
            continue
        if keys.manifest_of(key):
            yield unfinished(key, "of a checkpoint that was not ended, or whose manifest is lost")
        else:
            yield _stranger(key)


def _is_lease(facts: Facts, key: str) -> bool:
    try:
        Holder.decode(facts.get(key) or b"")
    except ValueError:
        return False
    return True


def _stranger(name: str) -> Defect:
    if name.startswith(".tmp/"):
        return note(name, "of a put that is under way or was killed")
    if _LITTER.fullmatch(name.rpartition("/")[2]):
        return note(name, "does not belong to the archive; does no harm")
    return damage(name, "does not belong to the archive")
