"""Bucket: the single requests that S3Store is made of, each sent once.

An answer that can't be one of an S3 store (a captive portal's 200, a body cut short, a listing
without an end) is a `TryAgainError`; all else that goes wrong is raised as botocore has it. Knows
nothing of waiting and trying again.
"""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import os
import threading
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import boto3
import botocore.loaders
import botocore.session
from botocore import exceptions as boto_errors
from botocore.config import Config

from nordcrawl.archive.store.retry import RetryPolicy, TransferClock
from nordcrawl.archive.store.s3_errors import (
    DamagedError,
    TryAgainError,
    code_of,
    describe,
    hint,
    is_about_checksum,
    is_unknown_operation,
    status_of,
)
from nordcrawl.errors import StoreRefused

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef, ListObjectsV2OutputTypeDef

_CHUNK: Final = 256 * 1024
_CONNECTIONS: Final = 16
"""As many as there are threads that follow the log."""


@dataclass(frozen=True, slots=True)
class Intended:
    """An object as it is meant to be."""

    body: bytes
    sha256: bytes
    content_type: str

    @classmethod
    def of(cls, body: bytes, content_type: str) -> Intended:
        """Return these bytes with their SHA-256."""
        return cls(body, hashlib.sha256(body).digest(), content_type)

    @property
    def checksum(self) -> str:
        """The SHA-256 as S3 writes it."""
        return base64.b64encode(self.sha256).decode()

    @property
    def etag(self) -> str:
        """What the ETag is unless the store encrypts with keys of its own or joins parts.

        Source: Amazon S3 API Reference, "Object", ETag.
        """
        return hashlib.md5(self.body, usedforsecurity=False).hexdigest()


class Bucket:
    """A bucket's prefix, by one boto3 client that all threads share.

    The bucket's name stands in the path, unless the AWS configuration sets another
    ``addressing_style`` (source: boto3, "Using a configuration file", s3).
    """

    def __init__(
        self,
        name: str,
        prefix: str = "",
        *,
        connect_timeout_s: float = 5.0,
        read_timeout_s: float = 60.0,
        stop: threading.Event | None = None,
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 (frozen)
    ) -> None:
        """Make the client; nothing is sent.

        Raises:
            StoreRefused: endpoint, region or profile as set in the environment can't be used.
        """
        self.name = name
        self.prefix = f"{prefix}/" if prefix else ""
        self.stop = stop or threading.Event()
        self.takes_checksum = True
        """False once the store has refused a put for the SHA-256 that came with it."""
        self._read_timeout_s = read_timeout_s
        self._policy = policy
        for library in ("boto3", "botocore", "urllib3", "s3transfer"):
            # At DEBUG they log signed headers and bodies.
            logging.getLogger(library).setLevel(logging.WARNING)
        self.client = self._make_client(
            Config(
                signature_version="s3v4",
                retries={"mode": "standard", "total_max_attempts": 1},
                connect_timeout=connect_timeout_s,
                read_timeout=read_timeout_s,
                tcp_keepalive=True,
                max_pool_connections=_CONNECTIONS,
                # Trailing checksums are refused (411) or stored as content by some stores.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            )
        )

    @property
    def uri(self) -> str:
        """The ``s3://bucket/prefix`` address."""
        return f"s3://{self.name}/{self.prefix}".rstrip("/")

    def put(self, key: str, intended: Intended, condition: dict[str, Any]) -> str:
        """Send one PUT and return the ETag of its answer.

        A second one goes without the SHA-256 where the store does not take it (some answer
        400 or 501 to the header): what was stored is proven by reading all the same.
        """
        if self.takes_checksum:
            try:
                return self._put(key, intended, condition, ChecksumSHA256=intended.checksum)
            except boto_errors.ClientError as error:
                if not is_about_checksum(error):
                    raise
                self.takes_checksum = False
        return self._put(key, intended, condition)

    def _put(self, key: str, intended: Intended, condition: dict[str, Any], **checksum: Any) -> str:
        clock = self._clock(len(intended.body))
        answer = self.client.put_object(
            Bucket=self.name,
            Key=self.prefix + key,
            Body=_Upload(intended.body, clock),
            ContentType=intended.content_type,
            Metadata={"sha256": intended.sha256.hex()},
            **condition,
            **checksum,
        )
        return answer.get("ETag", "").strip('"')

    def _clock(self, size: int) -> TransferClock:
        return TransferClock.start(self._read_timeout_s, size, self.stop, self._policy)

    def head(self, key: str) -> HeadObjectOutputTypeDef | None:
        """Return what the store tells of an object; None if there is none."""
        try:
            answer = self.client.head_object(
                Bucket=self.name, Key=self.prefix + key, ChecksumMode="ENABLED"
            )
        except boto_errors.ClientError as error:
            if status_of(error) == 404:
                return None
            # A HEAD's answer has no body, so it can't say what is wrong; a GET's can.
            if status_of(error) in (301, 400, 403) and not self.holds(key):
                return None
            raise
        _require_etag(answer)
        return answer

    def holds(self, key: str) -> bool:
        """Tell by a GET of one byte whether there is an object; a HEAD's 404 may be a proxy's."""
        return self.open(key, first_byte=True) is not None

    def open(self, key: str, *, first_byte: bool = False, verify: bool = True) -> bytes | None:
        """Read an object, or only its first byte; None if there is none."""
        part: dict[str, Any] = {"Range": "bytes=0-0"} if first_byte else {}
        clock = self._clock(0)
        try:
            answer = self.client.get_object(Bucket=self.name, Key=self.prefix + key, **part)
        except boto_errors.ClientError as error:
            if code_of(error) == "NoSuchKey":
                return None
            if status_of(error) == 416:  # of no bytes, so there is no first one
                return b""
            raise
        _require_etag(answer)
        length = answer.get("ContentLength")  # some proxies do not tell
        clock.allow(length or 0)
        pieces = []
        with answer["Body"] as stream:
            while piece := stream.read(_CHUNK):
                pieces.append(piece)
                clock.check()
        body = b"".join(pieces)
        if length is not None and len(body) != length:
            raise TryAgainError("the answer was cut short")
        if verify and not first_byte:
            # Not every store keeps metadata, nor their case; the archive's log has hashes too.
            metadata = {name.lower(): text for name, text in answer["Metadata"].items()}
            sha256 = hashlib.sha256(body).hexdigest()
            if metadata.get("sha256", sha256) != sha256:
                raise DamagedError("the bytes are not those of the object's sha256")
        return body

    def page(self, prefix: str, more: dict[str, Any]) -> ListObjectsV2OutputTypeDef:
        """Return one page of a listing; `more` has its delimiter and where it goes on."""
        page = self.client.list_objects_v2(Bucket=self.name, Prefix=self.prefix + prefix, **more)
        if "IsTruncated" not in page:
            raise TryAgainError("the answer is no listing")
        if page["IsTruncated"] and page.get("NextContinuationToken") in (
            None,
            more.get("ContinuationToken"),
        ):
            raise TryAgainError("the listing does not go on")
        return page

    def versions(self, key: str) -> tuple[str, ...]:
        """Return the versions and delete markers of a key, oldest first; none where unknown.

        In this order they can be removed one by one without readers being given an older one.
        """
        more: dict[str, Any] = {}
        found: list[tuple[bool, datetime, str]] = []
        while True:
            try:
                page = self.client.list_object_versions(
                    Bucket=self.name, Prefix=self.prefix + key, **more
                )
            except boto_errors.ClientError as error:
                if is_unknown_operation(error):
                    return ()
                raise
            if "IsTruncated" not in page:
                raise TryAgainError("the answer is no listing")
            found += [
                (entry["IsLatest"], entry["LastModified"], entry["VersionId"])
                for entry in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
                if entry["Key"] == self.prefix + key
            ]
            if not page["IsTruncated"]:
                return tuple(version for _, _, version in sorted(found))
            following = {"KeyMarker": page.get("NextKeyMarker")}
            if marker := page.get("NextVersionIdMarker"):
                following["VersionIdMarker"] = marker
            if following["KeyMarker"] is None or following == more:
                raise TryAgainError("the listing does not go on")
            more = following

    def remove(self, key: str, version: str | None = None) -> None:
        """Send one DELETE, and over a governance lock a second; none there is no error.

        Never the batch request: some stores refuse it.
        """
        more: dict[str, Any] = {} if version is None else {"VersionId": version}
        try:
            try:
                self.client.delete_object(Bucket=self.name, Key=self.prefix + key, **more)
            except boto_errors.ClientError as error:
                if version is None or code_of(error) != "AccessDenied":
                    raise
                more["BypassGovernanceRetention"] = True
                self.client.delete_object(Bucket=self.name, Key=self.prefix + key, **more)
        except boto_errors.ClientError as error:
            if code_of(error) not in ("NoSuchKey", "NoSuchVersion"):
                raise

    def _make_client(self, config: Config) -> S3Client:
        try:
            core = botocore.session.Session()
            core.register_component("data_loader", _loader(core.get_config_variable("data_path")))
            session = boto3.session.Session(botocore_session=core)
            config = config.merge(Config(s3={"addressing_style": _addressing(core)}))
            # botocore itself reads AWS_DEFAULT_REGION only.
            region = os.environ.get("AWS_REGION") or session.region_name
            client = session.client("s3", region_name=region or "us-east-1", config=config)
        except (boto_errors.BotoCoreError, ValueError) as error:
            mend = hint(error) or "check AWS_ENDPOINT_URL and the AWS configuration"
            raise StoreRefused(f"open {self.uri}: {describe(error)}: {mend}") from None
        client.meta.events.register("before-call.s3.HeadBucket", _no_guess_of_the_region)
        if not region and ".amazonaws.com" in client.meta.endpoint_url:
            raise StoreRefused(
                f"open {self.uri}: no region; set AWS_REGION (or AWS_ENDPOINT_URL, if the bucket "
                "is not at AWS)"
            )
        return client


@cache
def _loader(data_path: str | None) -> botocore.loaders.Loader:
    """Return what reads botocore's description of S3: one a process, as it takes five times as long
    as all else that a client needs.
    """
    return botocore.loaders.create_loader(data_path)


def _addressing(core: botocore.session.Session) -> Any:
    """Return how requests name the bucket; a configuration of the client hides the file's."""
    profile = core.get_scoped_config()
    return (profile.get("s3") or {}).get("addressing_style") or "path"


class _Upload(io.BytesIO):
    """A body whose sending is bounded as a whole; botocore reads it piece by piece."""

    def __init__(self, body: bytes, clock: TransferClock) -> None:
        super().__init__(body)
        self._clock = clock

    def read(self, size: int | None = -1, /) -> bytes:
        self._clock.check()
        return super().read(size)


def _no_guess_of_the_region(**_: Any) -> None:
    """Answer in the store's place when botocore asks where a bucket is.

    It asks after a redirect without ``x-amz-bucket-region``, which is none of AWS's, and asks
    again when the question is redirected too: behind a captive portal until RecursionError.
    """
    nowhere = {"Error": {"Code": "301"}, "ResponseMetadata": {"HTTPHeaders": {}}}
    raise boto_errors.ClientError(nowhere, "HeadBucket")  # type: ignore[arg-type]


def _require_etag(answer: Any) -> None:
    if not answer.get("ETag"):
        raise TryAgainError("200 without an ETag: something else than a store answered")
