"""S3Store: the archive under a prefix of an S3-compatible bucket.

A put is believed only when the bucket shows the object: after every 200 and every 412 its SHA-256,
the MD5 in its ETag, or the bytes themselves are compared with what was meant. So a lost answer, a
captive portal's "200 OK" and an upload damaged on the way all end well. ``If-None-Match: *`` is
sent as a fence; where `S3Store.probe` has not seen it honoured, a HEAD goes before each put.

All retrying is done here, boto3's own is off: waits double from 0.25 s to 30 s, jittered, until
the budget is spent. One try waits at most 5 s for a connection and 60 s for an answer.

The access key needs ``s3:PutObject`` and ``s3:GetObject`` on ``bucket/prefix/*`` and
``s3:ListBucket`` on the bucket, without which AWS answers 403 instead of 404 for a key that is
not there. Source: Amazon S3 API Reference, "HeadObject", Permissions.
"""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import boto3
import urllib3.exceptions
from botocore import exceptions as boto_errors
from botocore.config import Config
from botocore.parsers import ResponseParserError

from nordcrawl.archive.redaction import redact
from nordcrawl.archive.store import (
    MARKER_BODY,
    MARKER_KEY,
    Capabilities,
    ObjectEntry,
    Put,
    check_key,
    check_marker,
    check_prefix,
)
from nordcrawl.errors import (
    ArchiveDamaged,
    ObjectConflict,
    ObjectMissing,
    StoreRefused,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef, ListObjectsV2OutputTypeDef

_FIRST_WAIT_S: Final = 0.25
_LONGEST_WAIT_S: Final = 30.0
_LOWEST_RATE: Final = 32 * 1024
"""Bytes a second below which a transfer counts as hanging (after the time for one answer)."""
_CHUNK: Final = 256 * 1024
_READS_TO_CALL_DAMAGED: Final = 3

_FAILURES: Final = (
    boto_errors.BotoCoreError,
    boto_errors.ClientError,
    ResponseParserError,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,  # botocore's, on an answer with an impossible date or number
)

_REFUSALS: Final = {
    "InvalidAccessKeyId": "the store does not know the access key; check AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the secret key is wrong; check AWS_SECRET_ACCESS_KEY",
    "AccessDenied": (
        "the key may not do this; it needs s3:PutObject and s3:GetObject on the prefix and "
        "s3:ListBucket on the bucket (without it a missing object looks forbidden)"
    ),
    "ExpiredToken": "the session token has expired; renew the credentials",
    "InvalidToken": "the session token is not valid; check AWS_SESSION_TOKEN",
    "InvalidTokenId": "the session token is not valid; check AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "this machine's clock is wrong; synchronise it",
    "RequestExpired": "this machine's clock is wrong; synchronise it",
    "NoSuchBucket": "there is no such bucket; create it or check NORDCRAWL_ARCHIVE",
    "PermanentRedirect": "the bucket is elsewhere; check AWS_REGION and AWS_ENDPOINT_URL",
    "AuthorizationHeaderMalformed": "the region is wrong; check AWS_REGION",
    "IllegalLocationConstraintException": "the region is wrong; check AWS_REGION",
}
"""Source: Amazon S3 API Reference, "Error responses", list of error codes."""

_REFUSALS_BY_STATUS: Final = {
    301: _REFUSALS["PermanentRedirect"],
    308: _REFUSALS["PermanentRedirect"],
    400: "the store does not take the request; check AWS_ENDPOINT_URL, AWS_REGION and whether "
    "the session token has expired",
    401: "the store wants other credentials; check AWS_ACCESS_KEY_ID",
    403: _REFUSALS["AccessDenied"],
    405: "the store does not know the operation; check AWS_ENDPOINT_URL",
}
_DAMAGED_ON_THE_WAY: Final = frozenset(
    {
        *("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"),
        *("IncompleteBody", "RequestTimeout", "XMinioInvalidChecksum"),
    }
)
"""Codes with status 400 that another try mends."""

_NO_ACCESS: Final = {
    boto_errors.NoCredentialsError: "no credentials found; set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, AWS_PROFILE or a role",
    boto_errors.PartialCredentialsError: "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    boto_errors.ProfileNotFound: "check AWS_PROFILE",
    boto_errors.ConfigParseError: "repair the AWS configuration file",
    boto_errors.InvalidConfigError: "repair the AWS configuration file",
    boto_errors.UnauthorizedSSOTokenError: "log in again with the AWS command line",
    boto_errors.SSOTokenLoadError: "log in again with the AWS command line",
    boto_errors.NoRegionError: "set AWS_REGION",
    boto_errors.ParamValidationError: "check NORDCRAWL_ARCHIVE",
}

_T = TypeVar("_T")


class _TryAgainError(Exception):
    """An answer that can't be one of a working S3 store, or not yet."""


class _DamagedError(_TryAgainError):
    """Bytes that are not those of the SHA-256 stored with them."""


@dataclass(frozen=True, slots=True)
class _Intended:
    """An object as it is meant to be."""

    body: bytes
    sha256: bytes
    content_type: str

    @property
    def checksum(self) -> str:
        return base64.b64encode(self.sha256).decode()

    @property
    def etag(self) -> str:
        """What the ETag is unless the store encrypts with keys of its own or joins parts.

        Source: Amazon S3 API Reference, "Object", ETag.
        """
        return hashlib.md5(self.body, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class _Found:
    """What a key was seen to hold."""

    same: bool
    etag: str
    checksum: bool
    """The store told a SHA-256 of its own."""


class S3Store:
    """A `Store` in a bucket, by one boto3 client that all threads share."""

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        retry_s: float = 300.0,
        probe_retry_s: float = 10.0,
        addressing: Literal["path", "virtual", "auto"] = "path",
        connect_timeout_s: float = 5.0,
        read_timeout_s: float = 60.0,
        stop: threading.Event | None = None,
    ) -> None:
        """Make the client; nothing is sent.

        Raises:
            StoreRefused: endpoint, region or profile as set in the environment can't be used.
        """
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._retry_s = retry_s
        self._probe_retry_s = probe_retry_s
        self._read_timeout_s = read_timeout_s
        self._stop = stop or threading.Event()
        self._fenced = False
        """If-None-Match was seen to be honoured."""
        self._sends_condition = True
        for name in ("boto3", "botocore", "urllib3", "s3transfer"):
            # At DEBUG they log signed headers and bodies.
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = self._make_client(
            Config(
                signature_version="s3v4",
                s3={"addressing_style": addressing},
                retries={"mode": "standard", "total_max_attempts": 1},
                connect_timeout=connect_timeout_s,
                read_timeout=read_timeout_s,
                tcp_keepalive=True,
                max_pool_connections=8,
                # Trailing checksums are refused (411) or stored as content by some stores.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            )
        )

    @property
    def uri(self) -> str:
        """The ``s3://bucket/prefix`` address."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def probe(self) -> Capabilities:
        """See that marker and prefix can be read and written, and whether conditions are honoured.

        Puts the marker's own bytes a second time, which harms nothing.

        Raises:
            ArchiveDamaged: the marker there is of another format or version.
            StoreRefused, StoreUnavailable: as every method, but within `probe_retry_s`.
        """
        deadline = time.monotonic() + self._probe_retry_s
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
        intended = _intended(marker, "application/json")
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
        return self._put(
            check_key(key), _intended(body, content_type), time.monotonic() + self._retry_s
        )

    def get(self, key: str) -> bytes:
        """Return an object's bytes, compared with the SHA-256 they were stored with.

        Raises:
            ObjectMissing: the store says that there is no such key.
            ArchiveDamaged: three readings in a row did not have that SHA-256.
        """
        return self._get(check_key(key), time.monotonic() + self._retry_s)

    def exists(self, key: str) -> bool:
        """Tell whether there is an object.

        A HEAD has no body, so its 404 may mean the bucket, or come from a proxy: a GET of one
        byte then tells. A 403 is `StoreRefused`, never "missing".
        """
        check_key(key)

        def attempt() -> bool:
            if self._head(key) is not None:
                return True
            return self._open(key, first_byte=True) is not None

        return self._retrying("head", key, attempt)

    def list(self, prefix: str) -> Iterator[ObjectEntry]:
        """Yield the objects whose keys start with `prefix`, page by page."""
        for page in self._pages(check_prefix(prefix), delimiter=""):
            for entry in page.get("Contents", ()):
                key = entry["Key"].removeprefix(self._prefix)
                if not key.endswith("/"):  # a folder that some gateways list as an object
                    yield ObjectEntry(key, entry["Size"])

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the next level below `prefix`."""
        prefix = check_prefix(prefix)
        for page in self._pages(prefix, delimiter="/"):
            for common in page.get("CommonPrefixes", ()):
                yield common["Prefix"].removeprefix(self._prefix + prefix).rstrip("/")

    def _make_client(self, config: Config) -> S3Client:
        try:
            session = boto3.session.Session()
            # botocore itself reads AWS_DEFAULT_REGION only.
            region = os.environ.get("AWS_REGION") or session.region_name
            client = session.client("s3", region_name=region or "us-east-1", config=config)
        except (boto_errors.BotoCoreError, ValueError) as error:
            hint = _hint(error) or "check AWS_ENDPOINT_URL and the AWS configuration"
            raise StoreRefused(f"open {self.uri}: {_describe(error)}: {hint}") from None
        client.meta.events.register("before-call.s3.HeadBucket", _no_guess_of_the_region)
        if not region and ".amazonaws.com" in client.meta.endpoint_url:
            raise StoreRefused(
                f"open {self.uri}: no region; set AWS_REGION (or AWS_ENDPOINT_URL, if the bucket "
                "is not at AWS)"
            )
        return client

    def _put(self, key: str, intended: _Intended, deadline: float, *, blindly: bool = False) -> Put:
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
                if _status(error) != 412:
                    raise
                # An earlier try of ours whose answer was lost, or somebody else.
                if found := self._find(key, intended):
                    return verdict(found)
                raise _TryAgainError("412, but there is no such object") from None
            found = self._find(key, intended)
            if found is None:
                raise _TryAgainError("the store said 200 but has no object")
            if found.same:
                return Put.CREATED
            if etag and etag == found.etag:
                spoiled = etag
                raise _TryAgainError("the store holds other bytes than were sent")
            return verdict(found)

        return self._retrying("put", key, attempt, deadline)

    def _send(self, key: str, intended: _Intended, *, replacing: str = "") -> str:
        """Send one PUT and return the ETag of its answer."""
        condition: dict[str, Any] = {}
        if replacing and self._fenced:
            condition = {"IfMatch": replacing}
        elif not replacing and self._sends_condition:
            condition = {"IfNoneMatch": "*"}
        try:
            answer = self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + key,
                Body=_Upload(intended.body, self._within(len(intended.body))),
                ContentType=intended.content_type,
                ChecksumSHA256=intended.checksum,
                Metadata={"sha256": intended.sha256.hex()},
                **condition,
            )
        except boto_errors.ClientError as error:
            if condition and (_code(error) == "NotImplemented" or _status(error) == 501):
                self._sends_condition = self._fenced = False
                raise _TryAgainError("the store knows no conditional put") from None
            raise
        return answer.get("ETag", "").strip('"')

    def _honours_condition(self) -> bool:
        """Put the marker as it is; True if the store refuses because it is there."""
        if not self._sends_condition:
            return False
        marker = self._open(MARKER_KEY)
        if marker is None:
            raise _TryAgainError("the marker is gone")
        try:
            self._send(MARKER_KEY, _intended(marker, "application/json"))
        except boto_errors.ClientError as error:
            if _status(error) == 412:
                return True
            raise
        return False

    def _find(self, key: str, intended: _Intended) -> _Found | None:
        """Compare what the key holds with what it should; None if it holds nothing."""
        head = self._head(key)
        if head is None:
            return None
        etag = head["ETag"].strip('"')
        checksum = head.get("ChecksumSHA256", "")
        if head["ContentLength"] != len(intended.body):
            same = False
        elif checksum and "-" not in checksum:  # else one of a multipart upload, of its parts
            same = checksum == intended.checksum
        else:
            # Metadata prove nothing: they arrive whole even when the body does not. Read twice
            # before accusing, for the reading may be what was damaged.
            same = etag == intended.etag or any(
                self._open(key, verify=False) == intended.body for _ in range(2)
            )
        return _Found(same, etag, bool(checksum))

    def _head(self, key: str) -> HeadObjectOutputTypeDef | None:
        try:
            answer = self._client.head_object(
                Bucket=self._bucket, Key=self._prefix + key, ChecksumMode="ENABLED"
            )
        except boto_errors.ClientError as error:
            if _status(error) == 404:
                return None
            # A HEAD's answer has no body, so it can't say what is wrong; a GET's can.
            if _status(error) in (301, 400, 403) and self._open(key, first_byte=True) is None:
                return None
            raise
        _require_etag(answer)
        return answer

    def _get(self, key: str, deadline: float) -> bytes:
        damaged = 0

        def attempt() -> bytes | None:
            nonlocal damaged
            try:
                return self._open(key)
            except _DamagedError as error:
                damaged += 1
                if damaged == _READS_TO_CALL_DAMAGED:
                    raise ArchiveDamaged(f"get {key}: {self.uri}: {error}") from None
                raise

        body = self._retrying("get", key, attempt, deadline)
        if body is None:
            raise ObjectMissing(f"get {key}: {self.uri} has no such object")
        return body

    def _open(self, key: str, *, first_byte: bool = False, verify: bool = True) -> bytes | None:
        """Read an object, or only its first byte; None if there is none."""
        part: dict[str, Any] = {"Range": "bytes=0-0"} if first_byte else {}
        clock = self._within(0)
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key, **part)
        except boto_errors.ClientError as error:
            if _code(error) == "NoSuchKey":
                return None
            if _status(error) == 416:  # of no bytes, so there is no first one
                return b""
            raise
        _require_etag(answer)
        clock.allow(answer["ContentLength"])
        pieces = []
        with answer["Body"] as stream:
            while piece := stream.read(_CHUNK):
                pieces.append(piece)
                clock.check()
        body = b"".join(pieces)
        if len(body) != answer["ContentLength"]:
            raise _TryAgainError("the answer was cut short")
        if verify and not first_byte:
            # Not every store keeps metadata, nor their case; the archive's log has hashes too.
            metadata = {name.lower(): text for name, text in answer["Metadata"].items()}
            sha256 = hashlib.sha256(body).hexdigest()
            if metadata.get("sha256", sha256) != sha256:
                raise _DamagedError("the bytes are not those of the object's sha256")
        return body

    def _pages(self, prefix: str, *, delimiter: str) -> Iterator[ListObjectsV2OutputTypeDef]:
        more: dict[str, Any] = {"Delimiter": delimiter} if delimiter else {}

        def attempt() -> ListObjectsV2OutputTypeDef:
            page = self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=self._prefix + prefix, **more
            )
            if "IsTruncated" not in page:
                raise _TryAgainError("the answer is no listing")
            if page["IsTruncated"] and page.get("NextContinuationToken") in (
                None,
                more.get("ContinuationToken"),
            ):
                raise _TryAgainError("the listing does not go on")
            return page

        while True:
            page = self._retrying("list", prefix or "/", attempt)
            yield page
            if not page["IsTruncated"]:
                return
            more["ContinuationToken"] = page["NextContinuationToken"]

    def _retrying(
        self, operation: str, key: str, attempt: Callable[[], _T], deadline: float | None = None
    ) -> _T:
        """Try until it works, the store refuses, the time is up or we are told to stop.

        What botocore raised is not chained: its texts may quote an endpoint's credentials.
        """
        started = time.monotonic()
        deadline = started + self._retry_s if deadline is None else deadline
        tries = 0
        while True:
            tries += 1
            try:
                return attempt()
            except _TryAgainError as error:
                last = str(error)
            except _FAILURES as error:
                last = _describe(error)
                if hint := _hint(error):
                    raise StoreRefused(f"{operation} {key}: {self.uri}: {last}: {hint}") from None
            wait = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(tries, 10)) * random.uniform(
                0.5, 1
            )
            now = time.monotonic()
            if now >= deadline or self._stop.wait(min(wait, deadline - now)):
                stopped = " before it was stopped" if self._stop.is_set() else ""
                raise StoreUnavailable(
                    f"{operation} {key}: {self.uri} gave no usable answer in {tries} tries over "
                    f"{now - started:.0f} s{stopped}; the last: {last}"
                )

    def _within(self, size: int) -> _Clock:
        return _Clock(time.monotonic() + self._read_timeout_s + size / _LOWEST_RATE, self._stop)


@dataclass(slots=True)
class _Clock:
    """Bounds one transfer as a whole: a socket's timeout begins anew with every byte."""

    deadline: float
    stop: threading.Event

    def allow(self, size: int) -> None:
        self.deadline += size / _LOWEST_RATE

    def check(self) -> None:
        if self.stop.is_set():
            raise _TryAgainError("stopped")
        if time.monotonic() > self.deadline:
            raise _TryAgainError("the transfer is too slow")


class _Upload(io.BytesIO):
    """A body whose sending is bounded as a whole; botocore reads it piece by piece."""

    def __init__(self, body: bytes, clock: _Clock) -> None:
        super().__init__(body)
        self._clock = clock

    def read(self, size: int | None = -1, /) -> bytes:
        self._clock.check()
        return super().read(size)


def _intended(body: bytes, content_type: str) -> _Intended:
    return _Intended(body, hashlib.sha256(body).digest(), content_type)


def _no_guess_of_the_region(**_: Any) -> None:
    """Answer in the store's place when botocore asks where a bucket is.

    It asks after a redirect without ``x-amz-bucket-region``, which is none of AWS's, and asks
    again when the question is redirected too: behind a captive portal until RecursionError.
    """
    nowhere = {"Error": {"Code": "301"}, "ResponseMetadata": {"HTTPHeaders": {}}}
    raise boto_errors.ClientError(nowhere, "HeadBucket")  # type: ignore[arg-type]


def _require_etag(answer: Any) -> None:
    if not answer.get("ETag"):
        raise _TryAgainError("200 without an ETag: something else than a store answered")


def _status(error: boto_errors.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _code(error: boto_errors.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _hint(error: Exception) -> str:
    """Say what an operator has to mend; empty if trying again may help."""
    if isinstance(error, boto_errors.ClientError):
        code, status = _code(error), _status(error)
        if code in _DAMAGED_ON_THE_WAY:
            return ""
        return _REFUSALS.get(code) or _REFUSALS_BY_STATUS.get(status, "")
    if isinstance(error, boto_errors.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "the certificate is not trusted; set AWS_CA_BUNDLE"
    return next((hint for kind, hint in _NO_ACCESS.items() if isinstance(error, kind)), "")


def _describe(error: Exception) -> str:
    """Say in one line of at most 300 characters what happened, without secrets."""
    if isinstance(error, boto_errors.ClientError):
        message = error.response.get("Error", {}).get("Message", "")
        text = f"{_status(error)} {_code(error)} {message}"
    else:
        text = f"{type(error).__name__}: {error}"
    return redact(" ".join(text.split()))[:300].strip()
