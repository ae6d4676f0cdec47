"""Words: an exception as a person reads it, in a ledger line, a report or a log.

Libraries put into their texts what a programmer wants: lists of failures, ``<class ...>``,
tuples. They are known here by name, as the core loads neither Twisted nor Scrapy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from nordcrawl.errors import NordcrawlError
from nordcrawl.model.printable import shown

#: Packages whose exceptions have the names below.
_NETWORK: Final = ("twisted.", "scrapy.", "OpenSSL.", "ssl", "service_identity.", "builtins",
                   "asyncio.", "concurrent.", "socket", "http.")  # fmt: skip
#: What failed on the network, by the exception's name; the nearest of its bases counts.
_KNOWN: Final = {
    "ConnectionDone": "the server closed the connection",
    "ConnectionLost": "the connection was lost",
    "ConnectionClosed": "the connection was closed",
    "ConnectionAborted": "the connection was broken off",
    "ConnectionAbortedError": "the connection was broken off",
    "ConnectionResetError": "the connection was reset",
    "BrokenPipeError": "the connection was closed",
    "ConnectionRefusedError": "connection refused",
    "DownloadConnectionRefusedError": "connection refused",
    "TCPTimedOutError": "timed out while connecting",
    "TimeoutError": "timed out",
    "DownloadTimeoutError": "timed out",
    "UnknownHostError": "no such host",
    "DNSLookupError": "DNS lookup failed",
    "CannotResolveHostError": "DNS lookup failed",
    "NoRouteError": "no route to the host",
    "ConnectError": "could not connect",
    "VerifyError": "TLS error: the certificate could not be verified",
    "VerificationError": "TLS error: the certificate is of another name",
    "CertificateError": "TLS error: the certificate could not be verified",
    "ParseError": "the answer is no HTTP",
    "PotentialDataLoss": "the answer was cut short",
    "_DataLoss": "the answer was cut short",
    "ResponseDataLossError": "the answer was cut short",
    "ResponseNeverReceived": "no answer",
    "DownloadFailedError": "no answer",
    "ResponseFailed": "the answer broke off",
    "RequestTransmissionFailed": "the request could not be sent",
    "RequestNotSent": "the request could not be sent",
    "CancelledError": "stopped",
    "MemoryError": "not enough memory",
    "RecursionError": "nested too deeply",
}
#: Exceptions whose texts were written for people.
_PLAIN: Final = frozenset({"IgnoreRequest", "WorkFailed", "AddressRefused"})
#: Python's and Twisted's way of showing objects.
_OBJECTS: Final = (
    (
        re.compile(r"\[Failure instance: Traceback[^:]*: <class '[^']*'>: ?([^\n\]]*)[^\]]*\]"),
        r"\1",
    ),
    (re.compile(r"<class '(?:[\w.]*\.)?(\w+)'>"), r"\1"),
    (re.compile(r"\[?<twisted\.python\.failure\.Failure (?:[\w.]*\.)?(\w+): ?([^<>]*)>\]?"), r"\2"),
    (re.compile(r"<(?:[\w.]*\.)?(\w+)(?: [^<>]*)? at 0x[0-9a-fA-F]+[^<>]*>"), r"\1"),
)


def reason(error: BaseException) -> str:
    """Return why something failed: on one line, of bounded length, in words of ours where the
    network failed, else the exception's name and text; never how a library shows its objects.

    >>> reason(ConnectionRefusedError(111, "Connection refused"))
    'connection refused'
    >>> reason(ValueError("no number"))
    'ValueError: no number'
    """
    return shown(_reason(error, 0))


def _reason(error: BaseException, depth: int) -> str:
    if isinstance(error, NordcrawlError) or _PLAIN & {c.__name__ for c in type(error).__mro__}:
        return _text(error) or "not asked"
    if depth < 5:
        # Twisted gives a list of failures, Scrapy a text of it and the exception as the cause.
        inner = [getattr(failure, "value", failure) for failure in _listed(error, "reasons")]
        if not inner and _is_wrapper(error) and error.__cause__ is not None:
            inner = [error.__cause__]
        told = dict.fromkeys(
            _reason(one, depth + 1) for one in inner if isinstance(one, BaseException)
        )
        if told:
            return "; ".join(told)
    if (tls := _tls(error)) is not None:
        return f"TLS error: {tls}"
    if (known := _known(error)) is not None:
        return known
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return f"{where}{error.strerror}"
    text = _text(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _is_wrapper(error: BaseException) -> bool:
    """Return whether an exception is Scrapy's own for one that it caught."""
    return type(error).__module__.startswith("scrapy.")


def _known(error: BaseException) -> str | None:
    for kind in type(error).__mro__:
        if f"{kind.__module__}.".startswith(_NETWORK) and kind.__name__ in _KNOWN:
            return _KNOWN[kind.__name__]
    return None


def _tls(error: BaseException) -> str | None:
    """Return what TLS complains of; OpenSSL tells it as (library, function, words) each."""
    module = f"{type(error).__module__}."
    if module.startswith("OpenSSL."):
        words = [part[-1] for part in _listed(error, "args", 0) if _is_words(part)]
        return "; ".join(dict.fromkeys(words)) or "broken off"
    if module.startswith("ssl."):
        said = getattr(error, "verify_message", None) or getattr(error, "reason", None)
        return str(said).replace("_", " ").lower() if said else "broken off"
    return None


def _listed(error: BaseException, name: str, index: int | None = None) -> Iterable[Any]:
    value = getattr(error, name, None)
    if index is not None and isinstance(value, tuple):
        value = value[index] if len(value) > index else None
    return value if isinstance(value, (list, tuple)) else ()


def _is_words(part: object) -> bool:
    return isinstance(part, tuple) and bool(part) and isinstance(part[-1], str)


def _text(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - its own code, on arguments that may not be its own
        return ""
    if len(error.args) > 1 and text == str(error.args):  # Python shows a tuple
        text = ", ".join(str(part) for part in error.args if isinstance(part, (str, int)))
    for pattern, instead in _OBJECTS:
        text = pattern.sub(instead, text)
    # Where an object lay in memory tells nobody anything, and is another in each run.
    return "" if " at 0x" in text else re.sub(r"\s+", " ", text).strip()
