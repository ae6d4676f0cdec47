"""S3Store: the archive under a prefix of an S3-compatible bucket.

A put is believed only when the bucket shows the object: after every 200 and every 412 its SHA-256,
the MD5 in its ETag, or the bytes themselves are compared with what was meant. So a lost answer, a
captive portal's "200 OK" and an upload damaged on the way all end well. ``If-None-Match: *`` is
sent as a fence; where `S3Store.probe` has not seen it honoured, a HEAD goes before each put.

All is tried again until the budget is spent (`nordcrawl.archive.store.retry`). One try waits at
most 5 s for a connection and 60 s for an answer; with a smaller budget for half of it, 10 s at the
least, so that there is time for another one.

The access key needs ``s3:PutObject`` and ``s3:GetObject`` on ``bucket/prefix/*`` and
``s3:ListBucket`` on the bucket, without which AWS answers 403 instead of 404 for a key that is
not there. Source: Amazon S3 API Reference, "HeadObject", Permissions. Only `S3Store.delete` needs
more (`nordcrawl.archive.store.s3_errors.MAY_NOT_DELETE`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore import exceptions as boto_errors

from nordcrawl.archive.store.bucket import Bucket, Intended
from nordcrawl.archive.store.protocol import (
    MARKER_BODY,
    MARKER_KEY,
    Capabilities,
    ObjectEntry,
    Put,
    check_key,
    check_marker,
    check_prefix,
    is_key,
)
from nordcrawl.archive.store.retry import RetryPolicy, retry
from nordcrawl.archive.store.s3_errors import (
    MAY_NOT_DELETE,
    DamagedError,
    TryAgainError,
    is_unknown_operation,
    status_of,
)
from nordcrawl.errors import ArchiveDamaged, ObjectConflict, ObjectMissing, StoreRefused

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

_READS_TO_CALL_DAMAGED: Final = 3
_LONGEST_TRY_S: Final = 60.0
_SHORTEST_TRY_S: Final = 10.0
"""A store under load answers late; to ask it again sooner makes it later still."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Found:
    """What a key was seen to hold."""

    same: bool
    etag: str
    checksum: bool
    """The store told a SHA-256 of its own."""


class S3Store:
    """A `Store` in a bucket."""

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        retry_s: float = 300.0,
        connect_timeout_s: float = 5.0,
        read_timeout_s: float | None = None,
        stop: threading.Event | None = None,
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 (frozen)
    ) -> None:
        """Make the client; nothing is sent.

        Each operation is tried for `retry_s` seconds, in the way that `policy` says.

        Raises:
            StoreRefused: endpoint, region or profile as set in the environment can't be used.
        """
        self._bucket = Bucket(
            bucket,
            prefix,
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=read_timeout_s or min(_LONGEST_TRY_S, max(_SHORTEST_TRY_S, retry_s / 2)),
            stop=stop,
            policy=policy,
        )
        self._retry_s = retry_s
        self._policy = policy
        self._fenced = False
        """If-None-Match was seen to be honoured."""
        self._sends_condition = True

    @property
    def uri(self) -> str:
        """The ``s3://bucket/prefix`` address."""
        return self._bucket.uri

    def probe(self) -> Capabilities:
        """See that marker and prefix can be read and written, and whether conditions are honoured.

        Puts the marker's own bytes a second time, which harms nothing.

        Raises:
            ArchiveDamaged: the marker there is of another format or version.
            StoreRefused, StoreUnavailable: as every method.
        """
        deadline = self._deadline()
        blindly = False
        try:
            marker = self._get(MARKER_KEY, deadline)
        except ObjectMissing:
            marker = MARKER_BODY
        except StoreRefused as refusal:
            # Without s3:ListBucket a missing marker is "forbidden". If it is there and really may
            # not be read, the put meets 412 and its proof is refused too.
            if "AccessDenied" not in str(refusal):
                raise
            marker = MARKER_BODY
            blindly = True
        check_marker(self.uri, marker)
        intended = Intended.of(marker, "application/json")
        self._put(MARKER_KEY, intended, deadline, blindly=blindly)
        self._fenced = self._retrying("probe", MARKER_KEY, self._honours_condition, deadline)
        found = self._retrying(
            "probe", MARKER_KEY, lambda: self._find(MARKER_KEY, intended), deadline
        )
        return Capabilities(self._fenced, found is not None and found.checksum)

    def put(self, key: str, body: bytes, *, content_type: str) -> Put:
        """Store `body`; the bucket has shown these very bytes when this returns.

        Raises:
            ObjectConflict: the key holds other bytes; they are left as they are.
        """
        return self._put(check_key(key), Intended.of(body, content_type), self._deadline())

    def get(self, key: str) -> bytes:
        """Return an object's bytes, compared with the SHA-256 they were stored with.

        Raises:
            ObjectMissing: the store says that there is no such key.
            ArchiveDamaged: three readings in a row did not have that SHA-256.
        """
        return self._get(check_key(key), self._deadline())

    def exists(self, key: str) -> bool:
        """Return whether there is an object.

        A HEAD has no body, so its 404 may mean the bucket, or come from a proxy: a GET of one
        byte then tells. A 403 is `StoreRefused`, never "missing".
        """
        check_key(key)

        def attempt() -> bool:
            return self._bucket.head(key) is not None or self._bucket.holds(key)

        return self._retrying("head", key, attempt)

    def list(self, prefix: str) -> Iterator[ObjectEntry]:
        """Yield the objects whose keys start with `prefix`, page by page."""
        for page in self._pages(check_prefix(prefix), delimiter=""):
            for entry in page.get("Contents", ()):
                key = entry["Key"].removeprefix(self._bucket.prefix)
                if not key.endswith("/"):  # a folder that some gateways list as an object
                    yield ObjectEntry(key, entry["Size"], _utc(entry.get("LastModified")))

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the next level below `prefix`."""
        prefix = check_prefix(prefix)
        for page in self._pages(prefix, delimiter="/"):
            for common in page.get("CommonPrefixes", ()):
                yield common["Prefix"].removeprefix(self._bucket.prefix + prefix).rstrip("/")

    def strangers(self) -> Iterator[str]:
        """Yield the keys below the prefix that can be none of ours."""
        return (entry.key for entry in self.list("") if not is_key(entry.key))

    def sweep(self) -> None:
        """Do nothing: each object is one request, which leaves it whole or not at all."""

    def delete(self, key: str) -> None:
        """Remove an object and, in a bucket with versioning, all that was ever under its key.

        Raises:
            StoreRefused: this identity may not delete, or see versions, or the object is locked.
        """
        check_key(key)

        def attempt() -> None:
            for version in self._bucket.versions(key):
                self._bucket.remove(key, version)
            if self._bucket.holds(key):  # not every store lists versions
                self._bucket.remove(key)
            if self._bucket.versions(key) or self._bucket.holds(key):
                raise TryAgainError("the object is still there")

        self._retrying("delete", key, attempt, forbidden=MAY_NOT_DELETE)

    def _put(self, key: str, intended: Intended, deadline: float, *, blindly: bool = False) -> Put:
        spoiled = ""
        """ETag of an object that this call itself made, with bytes damaged on the way."""

        def verdict(found: _Found) -> Put:
            if found.same:
                return Put.ALREADY
            raise ObjectConflict(f"put {key}: {self.uri} holds other bytes; left as they are")

        def attempt() -> Put:
            nonlocal spoiled
            look_first = not (self._fenced or spoiled or blindly)
            if look_first and (found := self._find(key, intended)):
                return verdict(found)
            try:
                etag = self._send(key, intended, replacing=spoiled)
            except boto_errors.ClientError as error:
                if status_of(error) != 412:
                    raise
                # An earlier try of ours whose answer was lost, or somebody else.
                if found := self._find(key, intended):
                    return verdict(found)
                raise TryAgainError("412, but there is no such object") from None
            found = self._find(key, intended)
            if found is None:
                raise TryAgainError("the store said 200 but has no object")
            if found.same:
                return Put.CREATED
            if etag and etag == found.etag:
                spoiled = etag
                raise TryAgainError("the store holds other bytes than were sent")
            return verdict(found)

        return self._retrying("put", key, attempt, deadline)

    def _send(self, key: str, intended: Intended, *, replacing: str = "") -> str:
        """Send one PUT, fenced where the store can, and return the ETag of its answer."""
        condition: dict[str, Any] = {}
        if replacing and self._fenced:
            condition = {"IfMatch": replacing}
        elif not replacing and self._sends_condition:
            condition = {"IfNoneMatch": "*"}
        try:
            return self._bucket.put(key, intended, condition)
        except boto_errors.ClientError as error:
            if condition and is_unknown_operation(error):
                self._sends_condition = self._fenced = False
                raise TryAgainError("the store knows no conditional put") from None
            raise

    def _honours_condition(self) -> bool:
        """Put the marker as it is; True if the store refuses because it is there."""
        if not self._sends_condition:
            return False
        marker = self._bucket.open(MARKER_KEY)
        if marker is None:
            raise TryAgainError("the marker is gone")
        try:
            self._send(MARKER_KEY, Intended.of(marker, "application/json"))
        except boto_errors.ClientError as error:
            if status_of(error) == 412:
                return True
            raise
        return False

    def _find(self, key: str, intended: Intended) -> _Found | None:
        """Compare what the key holds with what it should; None if it holds nothing."""
        head = self._bucket.head(key)
        if head is None:
            return None
        etag = head["ETag"].strip('"')
        checksum = head.get("ChecksumSHA256", "")
        size = len(intended.body)
        if head.get("ContentLength", size) != size:  # some proxies do not tell
            same = False
        elif checksum and "-" not in checksum:  # else one of a multipart upload, of its parts
            same = checksum == intended.checksum
        else:
            # Metadata prove nothing: they arrive whole even when the body does not. Read twice
            # before accusing, for the reading may be what was damaged.
            same = etag == intended.etag or any(
                self._bucket.open(key, verify=False) == intended.body for _ in range(2)
            )
        return _Found(same, etag, bool(checksum))

    def _get(self, key: str, deadline: float) -> bytes:
        damaged = 0

        def attempt() -> bytes | None:
            nonlocal damaged
            try:
                return self._bucket.open(key)
            except DamagedError as error:
                damaged += 1
                if damaged == _READS_TO_CALL_DAMAGED:
                    raise ArchiveDamaged(f"get {key}: {self.uri}: {error}") from None
                raise

        body = self._retrying("get", key, attempt, deadline)
        if body is None:
            raise ObjectMissing(f"get {key}: {self.uri} has no such object")
        return body

    def _pages(self, prefix: str, *, delimiter: str) -> Iterator[ListObjectsV2OutputTypeDef]:
        more: dict[str, Any] = {"Delimiter": delimiter} if delimiter else {}
        while True:
            page = self._retrying("list", prefix or "/", lambda: self._bucket.page(prefix, more))
            yield page
            if not page["IsTruncated"]:
                return
            more["ContinuationToken"] = page["NextContinuationToken"]

    def _retrying(
        self,
        operation: str,
        key: str,
        attempt: Callable[[], _T],
        deadline: float | None = None,
        *,
        forbidden: str = "",
    ) -> _T:
        return retry(
            f"{operation} {key}",
            self.uri,
            attempt,
            until=self._deadline() if deadline is None else deadline,
            stop=self._bucket.stop,
            forbidden=forbidden,
            policy=self._policy,
        )

    def _deadline(self) -> float:
        return self._policy.clock() + self._retry_s


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
