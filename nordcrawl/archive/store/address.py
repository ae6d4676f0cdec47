"""The archive's address: what NORDCRAWL_ARCHIVE may say, and the store behind it.

A path, ``file:///absolute/path`` or ``s3://bucket/prefix``. Credentials have no place in it: they
come by boto3's own chain (environment, files, role), and the endpoint by AWS_ENDPOINT_URL_S3 or
AWS_ENDPOINT_URL. An address that is refused is quoted without anything that may be a secret.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import UsageError
from nordcrawl.model.redact import REDACTED, redact

_SETTING: Final = "NORDCRAWL_ARCHIVE"
_ALLOWED: Final = "a folder (/path or file:///path) or s3://bucket/prefix"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""Source: Amazon S3 User Guide, "General purpose bucket naming rules"."""
_PREFIX = re.compile(r"[A-Za-z0-9=_-][A-Za-z0-9=._-]*(?:/[A-Za-z0-9=_-][A-Za-z0-9=._-]*)*")


@dataclass(frozen=True, slots=True)
class _S3Address:
    bucket: str
    prefix: str


def open_store(
    uri: str,
    *,
    retry_s: float = 300.0,
    stop: threading.Event | None = None,
) -> Store:
    """Return the store at `uri`, without touching it yet.

    A bucket's operations, the first look included, are retried for `retry_s` seconds or until
    `stop` is set, whichever comes first: then nothing more is sent, and what fails is
    `StoreUnavailable`. A folder's are not retried.

    Raises:
        UsageError: not an address of an archive; the text says what is allowed.
        StoreRefused: the AWS settings in the environment or its files can't be used.

    >>> open_store("/var/lib/news").uri
    'file:///var/lib/news'
    """
    match _parse(uri):
        case Path() as root:
            return FolderStore(root)
        case _S3Address(bucket, prefix):
            # Here, so that an archive in a folder needs no 0.2 s of importing boto3.
            from nordcrawl.archive.store.s3 import S3Store

            return S3Store(
                bucket,
                prefix,
                retry_s=retry_s,
                stop=stop,
            )


def archive_name(uri: str) -> str:
    """Return the one spelling of an archive's address: absolute, links followed, no secrets.

    Raises:
        UsageError: as `open_store`.

    >>> archive_name("s3://news/nordic/"), archive_name("/var/lib/../lib/news/")
    ('s3://news/nordic', 'file:///var/lib/news')
    """
    match _parse(uri):
        case Path() as root:
            return root.as_uri()
        case _S3Address(bucket, prefix):
            return f"s3://{bucket}/{prefix}".rstrip("/")


def _parse(uri: str) -> Path | _S3Address:
    scheme = _SCHEME.match(uri)
    if not uri.strip():
        raise UsageError(f"{_SETTING} is empty; give {_ALLOWED}")
    if not uri.isprintable():
        raise _refusal(uri, "a control character is in it")
    if scheme is None:
        return _folder(uri, uri)
    match scheme[1].lower():
        case "s3":
            return _bucket(uri)
        case "file":
            parts = urlsplit(uri)
            if not uri[5:].startswith("///") or parts.query or parts.fragment:
                raise _refusal(uri, "a file URL has three slashes, and neither ? nor #")
            return _folder(uri, unquote(parts.path))
        case other:
            raise _refusal(uri, f"{other}: is not a kind of archive")


def _folder(uri: str, path: str) -> Path:
    if "\0" in path:
        raise _refusal(uri, "a control character is in it")
    try:
        # Links followed: two spellings of one archive must not get two states.
        return Path(path).expanduser().resolve()
    except (OSError, RuntimeError) as error:
        raise _refusal(uri, f"it can't be followed ({error})") from error


def _bucket(uri: str) -> _S3Address:
    rest = uri[len("s3:") :]
    if not rest.startswith("//"):
        raise _refusal(uri, "two slashes follow s3:")
    if "@" in rest:
        raise _refusal(
            uri,
            "credentials must not be in it: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or use a profile or role",
        )
    if "?" in rest or "#" in rest:
        raise _refusal(uri, "it has no ? or #; set AWS_ENDPOINT_URL and AWS_REGION instead")
    bucket, _, prefix = rest[2:].partition("/")
    if not bucket:
        raise _refusal(uri, "the bucket's name is missing")
    if ":" in bucket:
        raise _refusal(uri, "neither port nor credentials belong there; set AWS_ENDPOINT_URL")
    if _BUCKET.fullmatch(bucket) is None or ".." in bucket:
        raise _refusal(uri, "a bucket's name has 3 to 63 characters of a-z 0-9 . -")
    prefix = prefix.strip("/")
    if prefix and _PREFIX.fullmatch(prefix) is None:
        raise _refusal(
            uri, "a prefix is of A-Z a-z 0-9 = . _ - and single slashes, no level beginning with ."
        )
    return _S3Address(bucket, prefix)


def _refusal(uri: str, why: str) -> UsageError:
    return UsageError(f"{_SETTING}={_quotable(uri)!r}: {why}; give {_ALLOWED}")


def _quotable(uri: str) -> str:
    """Return `uri` with whatever might be a secret starred out."""
    scheme, separator, rest = uri.partition("://")
    if not separator:
        scheme, separator, rest = uri.partition(":")
    if not separator:
        return redact(uri)
    if "@" in rest:
        rest = f"{REDACTED}@{rest.rpartition('@')[2]}"
    if ":" in rest.partition("/")[0]:
        rest = REDACTED
    rest = re.sub(r"[?#].*", f"?{REDACTED}", rest, flags=re.DOTALL)
    if "://" not in uri and scheme.lower() not in ("s3", "file"):
        scheme, rest = REDACTED, rest if "@" in uri else REDACTED
    return redact(f"{scheme}{separator}{rest}")
