"""Download: a file of the web, into a nameless temporary file; goes on where a connection broke.

Source: RFC 9110 sections 13.1.5 (If-Range), 14.2 (Range) and 15.3.7 (206).
"""

from __future__ import annotations

import http.client
import logging
import re
import ssl
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final
from urllib.parse import urlsplit

from nordcrawl.errors import ExitCode, NordcrawlError, UsageError
from nordcrawl.importing.gathered import room
from nordcrawl.model.printable import shown
from nordcrawl.model.words import reason

logger = logging.getLogger(__name__)

#: Seconds before each try that follows one in which no byte came.
WAITS_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
#: Seconds without a byte.
_SILENCE_S: Final = 60.0
_PIECE: Final = 1 << 18
#: Refused now, and perhaps not later. Source: RFC 9110 section 15.6, RFC 6585 section 4.
_LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class NotFetched(NordcrawlError):
    """A file could not be had from where it lies; the text names its address."""

    exit_code = ExitCode.SOURCE_DOWN


class _TryAgainError(Exception):
    """It may work the next time; the text says what happened."""


@dataclass(slots=True)
class _Coming:
    """A file that is coming."""

    url: str
    file: IO[bytes]
    at: int = 0
    """Bytes that are there."""
    size: int | None = None
    """How many it has; None where nobody said."""
    validator: str = ""
    """By which its owner tells whether it is the same one."""

    @property
    def told(self) -> str:
        """Its address as it may be shown."""
        return address(self.url)


@dataclass(frozen=True, slots=True)
class Web:
    """How files are asked for."""

    user_agent: str
    proxy: str = ""
    """Address of a proxy; empty for those of the environment, if any."""
    waits_s: Sequence[float] = field(default=WAITS_S)
    silence_s: float = _SILENCE_S

    def download(self, url: str) -> IO[bytes]:
        """Return a file's bytes, from the start; whole, as far as its server says how long it is.

        Raises:
            NotFetched: there is none, it is refused, or it does not come.
            SpoolError: the temporary folder refuses.
        """
        with room():
            file = tempfile.TemporaryFile(prefix="nordcrawl-import-")  # noqa: SIM115
        try:
            self._fetch(_Coming(url, file))
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    def _fetch(self, coming: _Coming) -> None:
        asks, tries = self._opener(), 0
        while True:
            before = coming.at
            try:
                self._more(asks, coming)
            except _TryAgainError as error:
                tries = 0 if coming.at > before else tries + 1
                if tries > len(self.waits_s):
                    raise NotFetched(
                        f"{coming.told}: {error}, in {tries} tries; {coming.at} bytes came"
                    ) from error
                wait_s = self.waits_s[max(0, tries - 1)] if self.waits_s else 0.0
                logger.info("%s: %s; again in %g s", coming.told, error, wait_s)
                time.sleep(wait_s)
            else:
                logger.info("%s: %d bytes", coming.told, coming.at)
                return

    def _more(self, asks: urllib.request.OpenerDirector, coming: _Coming) -> None:
        """Take what is not there yet; return when all is."""
        headers = {"User-Agent": self.user_agent, "Accept-Encoding": "identity"}
        if coming.at and coming.validator:
            headers |= {"Range": f"bytes={coming.at}-", "If-Range": coming.validator}
        try:
            request = urllib.request.Request(coming.url, headers=headers)  # noqa: S310 - http(s)
            with asks.open(request, timeout=self.silence_s) as answer:
                _begin(coming, answer)
                while piece := answer.read(_PIECE):
                    with room():
                        coming.file.write(piece)
                    coming.at += len(piece)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in _LATER:
                raise _TryAgainError(f"HTTP {error.code}") from None
            raise NotFetched(f"{coming.told}: HTTP {error.code}") from None
        except urllib.error.URLError as error:
            why = error.reason if isinstance(error.reason, Exception) else error
            if isinstance(why, ssl.SSLCertVerificationError):
                raise NotFetched(f"{coming.told}: {reason(why)}") from None
            raise _TryAgainError(reason(why)) from None
        except (OSError, http.client.HTTPException) as error:
            raise _TryAgainError(reason(error)) from None
        if coming.size is not None and coming.at < coming.size:
            raise _TryAgainError(f"the answer ended after {coming.at} of {coming.size} bytes")

    def _opener(self) -> urllib.request.OpenerDirector:
        """Return what asks, http and https alone, wherever a redirect leads."""
        told = {"http": self.proxy, "https": self.proxy} if self.proxy else None
        opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(told),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
            urllib.request.HTTPRedirectHandler(),
            urllib.request.HTTPErrorProcessor(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.UnknownHandler(),
        ):
            opener.add_handler(handler)
        return opener


def _begin(coming: _Coming, answer: Any) -> None:
    """Make ready for an answer's bytes: they go on, or begin anew."""
    told = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if answer.status == 206 and told is not None and int(told[1]) == coming.at:
        return
    if answer.status != 200:
        coming.validator = ""  # the next one is asked for all of it
        raise _TryAgainError(f"HTTP {answer.status} to what is another question")
    with room():
        coming.file.seek(0)
        coming.file.truncate()
    coming.at = 0
    length = answer.headers.get("Content-Length", "")
    coming.size = int(length) if length.isdecimal() else None
    etag = answer.headers.get("ETag", "")
    coming.validator = etag if etag.startswith('"') else answer.headers.get("Last-Modified", "")


def address(url: str) -> str:
    """Return an address as it may be shown: what is signed has its key in the query."""
    return shown(url.partition("?")[0])


def checked(url: str) -> str:
    """Return an address from which a file may be had.

    Raises:
        UsageError: it is none of http or https, or has a user name or password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{address(url)}: {error}") from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or port == 0:
        raise UsageError(
            f"{address(url)}: a file, or an address of http or https, is allowed; what lies "
            "elsewhere is to be copied first"
        )
    if "@" in parts.netloc:
        raise UsageError(
            f"{address(url)}: an address with a user name or password would be shown to others"
        )
    if not url.isascii() or " " in url:
        raise UsageError(f"{address(url)}: an address has no spaces and letters of ASCII alone")
    return url
