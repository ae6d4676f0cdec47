"""Refusals: what an S3 store's errors mean, and what an operator has to mend.

An error without a hint here may pass, and is tried again. Texts of stores and of botocore may
quote secrets: they leave this module through `describe` only.
"""

from __future__ import annotations

from typing import Final

import urllib3.exceptions
from botocore import exceptions as boto_errors
from botocore.parsers import ResponseParserError

from nordcrawl.model.redact import redact


class TryAgainError(Exception):
    """An answer that can't be one of a working S3 store, or not yet."""


class DamagedError(TryAgainError):
    """Bytes that are not those of the SHA-256 stored with them."""


FAILURES: Final = (
    boto_errors.BotoCoreError,
    boto_errors.ClientError,
    ResponseParserError,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,  # botocore's, on an answer with an impossible date or number
)
"""All that a call of the client may raise for what the other side does."""

MAY_NOT_DELETE: Final = (
    "the key may not delete, or the object is locked; erasing needs s3:DeleteObject, "
    "s3:DeleteObjectVersion and s3:ListBucketVersions, and s3:BypassGovernanceRetention under a "
    "governance lock (a compliance lock yields to nobody)"
)

_BY_CODE: Final = {
    "InvalidAccessKeyId": "the store does not know the access key; check AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": (
        "the secret key is not that of the access key; check AWS_SECRET_ACCESS_KEY, and "
        "AWS_ACCESS_KEY_ID, for some stores say the same of an unknown one"
    ),
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

_BY_STATUS: Final = {
    301: _BY_CODE["PermanentRedirect"],
    308: _BY_CODE["PermanentRedirect"],
    400: "the store does not take the request; check AWS_ENDPOINT_URL, AWS_REGION and whether "
    "the session token has expired",
    401: "the store wants other credentials; check AWS_ACCESS_KEY_ID",
    403: _BY_CODE["AccessDenied"],
    405: "the store does not know the operation; check AWS_ENDPOINT_URL",
}
_DAMAGED_ON_THE_WAY: Final = frozenset(
    {
        *("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"),
        *("IncompleteBody", "RequestTimeout", "XMinioInvalidChecksum"),
    }
)
"""Codes with status 400 that another try mends."""

_BY_KIND: Final = {
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
_UNKNOWN_OPERATION: Final = frozenset({"NotImplemented", "MethodNotAllowed"})


def status_of(error: boto_errors.ClientError) -> int:
    """Return the HTTP status of a store's error, 0 if there was none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def code_of(error: boto_errors.ClientError) -> str:
    """Return the store's own name of its error; a HEAD's is its status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_unknown_operation(error: boto_errors.ClientError) -> bool:
    """Return whether the store says that it has no such operation, or not with this header."""
    return code_of(error) in _UNKNOWN_OPERATION or status_of(error) == 501


def is_about_checksum(error: boto_errors.ClientError) -> bool:
    """Return whether the store says that it does not take a checksum, not that one is wrong.

    Stores have no code for it: they name the header, or the word, in their message.
    """
    message = str(error.response.get("Error", {}).get("Message", "")).lower()
    return (
        status_of(error) in (400, 501)
        and code_of(error) not in _DAMAGED_ON_THE_WAY
        and "checksum" in message
    )


def hint(error: Exception, forbidden: str = "") -> str:
    """Say what an operator has to mend; empty if trying again may help.

    `forbidden` says what the identity lacks where that is not the usual.
    """
    if isinstance(error, boto_errors.ClientError):
        code = code_of(error)
        if code in _DAMAGED_ON_THE_WAY:
            return ""
        if forbidden and code == "AccessDenied":
            return forbidden
        return _BY_CODE.get(code) or _BY_STATUS.get(status_of(error), "")
    if isinstance(error, boto_errors.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "the certificate is not trusted; set AWS_CA_BUNDLE"
    return next((hint for kind, hint in _BY_KIND.items() if isinstance(error, kind)), "")


def describe(error: Exception) -> str:
    """Say in one line of at most 300 characters what happened, without secrets."""
    if isinstance(error, boto_errors.ClientError):
        message = error.response.get("Error", {}).get("Message", "")
        text = f"{status_of(error)} {code_of(error)} {message}"
    elif isinstance(error, TryAgainError):
        text = str(error)
    else:
        text = f"{type(error).__name__}: {error}"
    return redact(" ".join(text.split()))[:300].strip()
