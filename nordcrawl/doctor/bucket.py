"""Bucket examination: what a bucket does, tried request by request.

The part of `nordcrawl.doctor.machine` that needs boto3. Every request is bounded by seconds,
and tried again once at most; what the store does not know or tell is a note.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore import exceptions as boto_errors
from botocore.parsers import ResponseParserError

from nordcrawl.archive.format.keys import JSON_TYPE
from nordcrawl.archive.format.probe import probe_of_day
from nordcrawl.archive.store.bucket import Bucket, Intended
from nordcrawl.archive.store.protocol import MARKER_KEY
from nordcrawl.archive.store.s3_errors import (
    FAILURES,
    TryAgainError,
    code_of,
    describe,
    hint,
    is_unknown_operation,
    status_of,
)
from nordcrawl.doctor.bucket_settings import ABSENT, LOOKS, Look
from nordcrawl.doctor.finding import Clock, Finding, Status, fail, failed, note, ok
from nordcrawl.doctor.probe import marker_finding
from nordcrawl.errors import ExitCode, StoreRefused
from nordcrawl.model.url import is_loopback

_CONNECT_S: Final = 3.0
_READ_S: Final = 5.0
_AGAIN_S: Final = 1.0
"""How long after the first try a second one is made, if the first one failed as quickly."""
_LONGEST_S: Final = 20.0
"""After so long nothing more is asked: a store that answers this slowly has told enough."""
_SKEW: Final = timedelta(minutes=1)
_SKEW_REFUSED: Final = timedelta(minutes=15)
"""Source: Amazon S3 API Reference, "Error responses", RequestTimeTooSkewed."""

_CREDENTIALS: Final = frozenset(
    {
        *("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"),
        *("InvalidTokenId", "Unauthorized"),
    }
)
_REGION: Final = frozenset(
    {
        *("AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect"),
        "IllegalLocationConstraintException",
    }
)
_CLOCK: Final = frozenset({"RequestTimeTooSkewed", "RequestExpired"})
_READER: Final = "right for a reader; crawling needs s3:PutObject, s3:GetObject and s3:ListBucket"

_FAILURES: Final = (TryAgainError, *FAILURES)
_T = TypeVar("_T")


def examine_bucket(uri: str, clock: Clock, *, brief: bool = False) -> Iterator[Finding]:
    """Look at an archive in a bucket; `uri` is as `archive_name` gives it.

    `brief` leaves nothing behind and asks for no more than the way there, the marker, and whether
    it may be written.
    """
    name, _, prefix = uri.removeprefix("s3://").partition("/")
    try:
        bucket = Bucket(name, prefix, connect_timeout_s=_CONNECT_S, read_timeout_s=_READ_S)
    except StoreRefused as error:
        yield failed("aws settings", error)
        return
    examination = _Examination(bucket, clock)
    yield from examination.brief() if brief else examination.run()


class _Examination:
    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket = bucket
        self._client = bucket.client
        self._clock = clock
        self._until = time.monotonic() + _LONGEST_S
        self._skew: timedelta | None = None
        """Our time less the store's, as of its first answer."""
        self._region = ""
        """The bucket's, if the store tells."""
        self._client.meta.events.register("response-received.s3", self._look_at_headers)

    def run(self) -> Iterator[Finding]:
        reached = True
        for finding in self._way():
            reached &= finding.status is not Status.FAIL or finding.name == "list"
            yield finding
        if not reached:
            return
        yield from self._objects()
        for name, needs, look in LOOKS:
            yield self._setting(name, needs, look)

    def brief(self) -> Iterator[Finding]:
        reached = True
        for finding in self._way():
            reached &= finding.status is not Status.FAIL
            yield finding
        if not reached:
            return
        try:
            marker = self._ask(lambda: self._bucket.open(MARKER_KEY))
        except _FAILURES as error:
            yield self._failed("marker", error)
            return
        yield marker_finding(self._bucket.uri, marker)
        if marker is not None:  # its own bytes once more: nothing changes, whatever comes of it
            written = self._write(MARKER_KEY, Intended.of(marker, JSON_TYPE))
            yield written if written.status is Status.FAIL else ok("write", "it may be written")

    # --- the way to the bucket --------------------------------------------------------------

    def _way(self) -> Iterator[Finding]:
        """Ask for a listing, whose answer tells most; what fails is the last that is looked at."""
        began = time.monotonic()
        broken, failure = "", None
        try:
            self._ask(lambda: self._bucket.page("", {"MaxKeys": 1}))
        except _FAILURES as error:
            broken, failure = _step(error), error
        took_ms = (time.monotonic() - began) * 1000
        steps: dict[str, Callable[[], Finding]] = {
            "endpoint": lambda: self._endpoint(took_ms),
            "clock": self._time,
            "credentials": self._credentials,
            "region": self._place,
            "bucket": lambda: ok("bucket", f"{self._bucket.name} is there"),
            "list": lambda: ok("list", "the prefix may be listed"),
        }
        if isinstance(failure, _NOTHING_SENT):
            steps = {"credentials": self._credentials}
        for name, look in steps.items():
            if name == broken and failure is not None:
                yield self._failed(name, failure)
                return
            yield look()

    def _endpoint(self, took_ms: float) -> Finding:
        url = self._client.meta.endpoint_url
        seen = f"{url} answers in {took_ms:.0f} ms"
        parts = urlsplit(url)
        if parts.scheme == "http" and not is_loopback(parts.netloc.rpartition("@")[2]):
            return note("endpoint", seen, "not encrypted: let AWS_ENDPOINT_URL begin with https")
        return ok("endpoint", seen)

    def _time(self) -> Finding:
        if self._skew is None:
            return note("clock", "the store does not tell its time")
        off = abs(self._skew)
        seen = f"{off.total_seconds():.0f} s apart from the store's"
        if off > _SKEW_REFUSED:
            return fail("clock", seen, "this machine's clock is wrong; synchronise it",
                        ExitCode.STORE)  # fmt: skip
        if off > _SKEW:
            return note("clock", seen, "stores refuse at 15 minutes; synchronise it")
        return ok("clock", seen)

    def _credentials(self) -> Finding:
        found = boto3.session.Session().get_credentials()
        return ok("credentials", f"accepted; found by {found.method if found else 'none'}")

    def _place(self) -> Finding:
        ours = self._client.meta.region_name
        if self._region and self._region != ours:
            seen = f"requests are signed for {ours}, the bucket is in {self._region}"
            return note("region", seen, f"set AWS_REGION={self._region}")
        return ok("region", ours if self._region else f"{ours} is accepted")

    # --- objects ----------------------------------------------------------------------------

    def _objects(self) -> Iterator[Finding]:
        try:
            marker = self._ask(lambda: self._bucket.open(MARKER_KEY))
        except _FAILURES as error:
            yield self._failed("marker", error)
        else:
            yield marker_finding(self._bucket.uri, marker)
        yield self._absence()
        key, body = probe_of_day(self._clock())
        intended = Intended.of(body, JSON_TYPE)
        wrote = self._write(key, intended)
        yield wrote
        if wrote.status is Status.FAIL:
            return
        yield self._read(key, body)
        yield self._fence(key, intended)
        yield self._checksum(key, intended)
        yield self._delete(key)

    def _absence(self) -> Finding:
        key = "probe/none.json"
        try:
            there = self._ask(lambda: self._bucket.holds(key))
        except _FAILURES as error:
            if isinstance(error, boto_errors.ClientError) and status_of(error) == 403:
                return fail(
                    "absence",
                    "the store says forbidden of an object that is not there",
                    "allow s3:ListBucket on the bucket, not only where a prefix is given: a GET "
                    "has none",
                    ExitCode.STORE,
                )
            return self._failed("absence", error)
        return ok("absence", f"{key} {'is there' if there else 'is said to be missing'}")

    def _write(self, key: str, intended: Intended) -> Finding:
        try:
            try:
                self._ask(lambda: self._bucket.put(key, intended, {"IfNoneMatch": "*"}))
            except boto_errors.ClientError as error:
                if status_of(error) == 412:
                    return ok("write", f"{key} was put before today")
                if not is_unknown_operation(error):
                    raise
                self._ask(lambda: self._bucket.put(key, intended, {}))
        except _FAILURES as error:
            if isinstance(error, boto_errors.ClientError) and status_of(error) == 403:
                return fail("write", f"this key may not write: {describe(error)}", _READER,
                            ExitCode.STORE)  # fmt: skip
            return self._failed("write", error)
        return ok("write", f"{key} put")

    def _read(self, key: str, body: bytes) -> Finding:
        try:
            found = self._ask(lambda: self._bucket.open(key))
        except _FAILURES as error:
            return self._failed("read", error)
        if found is None:
            return fail("read", f"{key} was put and is not there", "something else than a store "
                        "may have answered", ExitCode.PENDING)  # fmt: skip
        if found != body:
            return fail("read", f"{key} has other bytes than were put", "look at the store",
                        ExitCode.STORE)  # fmt: skip
        return ok("read", "the same bytes are read back")

    def _fence(self, key: str, intended: Intended) -> Finding:
        advice = "never copy a state folder: two copies of one spool are not always told apart"
        try:
            self._ask(lambda: self._bucket.put(key, intended, {"IfNoneMatch": "*"}))
        except _FAILURES as error:
            if isinstance(error, boto_errors.ClientError):
                if status_of(error) == 412:
                    return ok("fence", "conditional puts are honoured: nothing is overwritten")
                if is_unknown_operation(error):
                    return note("fence", "the store knows no conditional puts", advice)
            return note("fence", describe(error))
        return note("fence", "conditional puts are ignored", advice)

    def _checksum(self, key: str, intended: Intended) -> Finding:
        """Put the same bytes as if they were others: whatever comes of it, they are right."""
        other = Intended.of(b"other", intended.content_type)
        seen = "a wrong SHA-256 is believed"
        try:
            if not self._bucket.takes_checksum:
                raise TryAgainError("the store takes no SHA-256 with a put")
            self._ask(
                lambda: self._client.put_object(
                    Bucket=self._bucket.name,
                    Key=self._bucket.prefix + key,
                    Body=intended.body,
                    ContentType=intended.content_type,
                    ChecksumSHA256=other.checksum,
                )
            )
        except _FAILURES as error:
            refused = isinstance(error, boto_errors.ClientError) and status_of(error) == 400
            seen = "a wrong SHA-256 is refused" if refused else f"not tried: {describe(error)}"
        try:
            head = self._ask(lambda: self._bucket.head(key))
        except _FAILURES as error:
            return note("checksum", f"{seen}; {describe(error)}")
        if head and head.get("ChecksumSHA256"):
            return ok("checksum", f"{seen}; HEAD tells it, which proves each put")
        if head and head["ETag"].strip('"') == intended.etag:
            return note("checksum", f"{seen}; the MD5 in the ETag proves each put")
        return note("checksum", f"{seen}; each put is read back to prove it")

    def _delete(self, key: str) -> Finding:
        erasing = "erasing and compacting need s3:DeleteObject, s3:DeleteObjectVersion and " \
                  "s3:ListBucketVersions, on a key of their own"  # fmt: skip
        try:
            versions = self._ask(lambda: self._bucket.versions(key))
        except _FAILURES:
            versions = ()
        try:
            for version in versions or (None,):
                self._bucket.remove(key, version)
        except _FAILURES as error:
            if isinstance(error, boto_errors.ClientError) and status_of(error) == 403:
                return ok("delete", f"this key may not delete, as is right for a crawler; {key} "
                          "stays", erasing)  # fmt: skip
            return note("delete", describe(error))
        return ok(
            "delete", f"this key may delete; {key} is gone", "a crawler's key needs no such right"
        )

    def _setting(self, name: str, needs: str, look: Look) -> Finding:
        try:
            return self._ask(lambda: look(self._bucket))
        except _FAILURES as error:
            if isinstance(error, boto_errors.ClientError):
                if code_of(error) in ABSENT:
                    return ABSENT[code_of(error)]
                if is_unknown_operation(error):
                    return note(name, "the store does not know this")
                if status_of(error) == 403:
                    return note(name, f"this key may not ask; {needs} would allow it")
            return note(name, describe(error))

    # --- asking -----------------------------------------------------------------------------

    def _ask(self, attempt: Callable[[], _T]) -> _T:
        """Try twice, unless the store refuses or took long to fail."""
        began = time.monotonic()
        if began > self._until:
            raise TryAgainError(f"not asked: the looks before took {_LONGEST_S:.0f} s")
        try:
            return attempt()
        except _FAILURES as error:
            told = isinstance(error, boto_errors.ClientError) and (
                status_of(error) < 500 or is_unknown_operation(error)
            )
            if told or hint(error) or time.monotonic() - began > _AGAIN_S:
                raise
        time.sleep(_AGAIN_S)
        return attempt()

    def _look_at_headers(self, response_dict: Mapping[str, Any] | None, **_: Any) -> None:
        if response_dict is None:  # nobody answered
            return
        headers = response_dict["headers"]
        self._region = self._region or headers.get("x-amz-bucket-region", "")
        if self._skew is not None or not headers.get("date"):
            return
        with suppress(ValueError):
            told = parsedate_to_datetime(headers["date"])
            self._skew = self._clock() - (told if told.tzinfo else told.replace(tzinfo=UTC))

    def _failed(self, name: str, error: Exception) -> Finding:
        mend = hint(error)
        if not mend and isinstance(error, TryAgainError | ResponseParserError):
            advice = "something else than an S3 store answers there; check AWS_ENDPOINT_URL"
        elif not mend:
            advice = "check AWS_ENDPOINT_URL and the network, or wait"
        else:
            advice = mend
        where = self._client.meta.endpoint_url
        seen = f"{where}: {describe(error)}" if name == "endpoint" else describe(error)
        return fail(name, seen, advice, ExitCode.STORE if mend else ExitCode.PENDING)


_NOTHING_SENT: Final = (
    boto_errors.NoCredentialsError,
    boto_errors.PartialCredentialsError,
    boto_errors.CredentialRetrievalError,
    boto_errors.SSOError,
)


def _step(error: Exception) -> str:
    """Return the step on the way to the bucket at which this error says that it ends."""
    if isinstance(error, _NOTHING_SENT):
        return "credentials"
    if not isinstance(error, boto_errors.ClientError):
        return "endpoint"
    code = code_of(error)
    for step, codes in (("credentials", _CREDENTIALS), ("clock", _CLOCK), ("region", _REGION)):
        if code in codes:
            return step
    if status_of(error) in (301, 308):
        return "region"
    if code == "NoSuchBucket":
        return "bucket"
    return "list" if status_of(error) == 403 else "endpoint"
