"""Bucket settings: versions, lock, unfinished uploads and lifecycle, as far as a key may ask.

The last looks of `nordcrawl.doctor.bucket`. nordcrawl works whatever they are, but
for a rule that deletes objects by age.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from nordcrawl.archive.store.bucket import Bucket
from nordcrawl.doctor.finding import Finding, fail, note, ok
from nordcrawl.errors import ExitCode

Look = Callable[[Bucket], Finding]


def _versions(bucket: Bucket) -> Finding:
    answer = bucket.client.get_bucket_versioning(Bucket=bucket.name)
    state = answer.get("Status", "Off")
    if state == "Enabled":
        return ok("versions", "versioning is on")
    return note("versions", f"versioning is {state.lower()}", "turned on, it undoes mistakes; "
                "nordcrawl erase removes all versions")  # fmt: skip


def _lock(bucket: Bucket) -> Finding:
    answer = bucket.client.get_object_lock_configuration(Bucket=bucket.name)
    rule = answer["ObjectLockConfiguration"].get("Rule", {}).get("DefaultRetention", {})
    if rule.get("Mode") == "COMPLIANCE":
        return note("lock", "objects are locked in compliance mode", "personal data can't be "
                    "erased from it by anybody; use governance mode")  # fmt: skip
    mode = str(rule.get("Mode", "")).lower()
    return ok("lock", f"objects are locked in {mode} mode" if mode else "on, by no rule")


def _uploads(bucket: Bucket) -> Finding:
    answer = bucket.client.list_multipart_uploads(Bucket=bucket.name, Prefix=bucket.prefix)
    begun = len(answer.get("Uploads", ()))
    if not begun:
        return ok("uploads", "no unfinished multipart uploads")
    return note("uploads", f"{begun} unfinished multipart uploads, none of nordcrawl's",
                "they cost; let a lifecycle rule abort them after a day")  # fmt: skip


def _lifecycle(bucket: Bucket) -> Finding:
    answer = bucket.client.get_bucket_lifecycle_configuration(Bucket=bucket.name)
    rules = [rule for rule in answer.get("Rules", ()) if rule.get("Status") == "Enabled"]
    for rule in rules:
        if rule.get("Expiration", {}).keys() & {"Days", "Date"} and _applies(rule, bucket.prefix):
            return fail(
                "lifecycle",
                f"rule {rule.get('ID', '')!r} deletes objects of the archive by age",
                "keep it off this prefix: an archive with holes can't be read",
                ExitCode.STORE,
            )
    if any("AbortIncompleteMultipartUpload" in rule for rule in rules):
        return ok("lifecycle", "unfinished multipart uploads are aborted")
    return note("lifecycle", f"{len(rules)} rules, none for unfinished multipart uploads")


def _applies(rule: Mapping[str, Any], prefix: str) -> bool:
    """Return whether a rule concerns objects below our prefix; ours have no tags."""
    chosen = rule.get("Filter", {})
    chosen = chosen.get("And", chosen)
    if chosen.get("Tag") or chosen.get("Tags"):
        return False
    start = chosen.get("Prefix") or rule.get("Prefix") or ""
    return prefix.startswith(start) or start.startswith(prefix)


LOOKS: Final[tuple[tuple[str, str, Look], ...]] = (
    ("versions", "s3:GetBucketVersioning", _versions),
    ("lock", "s3:GetBucketObjectLockConfiguration", _lock),
    ("uploads", "s3:ListBucketMultipartUploads", _uploads),
    ("lifecycle", "s3:GetLifecycleConfiguration", _lifecycle),
)
"""Name, what a key needs to ask, and the look itself; any failure of the store is a note."""

ABSENT: Final = {
    "ObjectLockConfigurationNotFoundError": ok("lock", "no object lock"),
    "NoSuchLifecycleConfiguration": note(
        "lifecycle", "no rules", "one that aborts multipart uploads after a day does no harm"
    ),
}
"""Errors by which a store says that nothing is set."""
