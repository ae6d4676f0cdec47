"""Name resolution that leads to public addresses only.

Scrapy's resolver is asked for every connection, redirects, robots.txt and literal addresses
included, and the address it returns is the one connected to: what is refused here can't be
reached by any spelling. The port is `nordcrawl.middlewares.address_guard.UrlGuardMiddleware`'s to
check.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
)
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet import defer
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.protocol import Protocol

from nordcrawl.model.url import is_loopback

logger = logging.getLogger(__name__)


class AddressRefused(DNSLookupError):
    """A name leads to an address that no news site has. Twisted takes it as a failed look-up."""

    def __str__(self) -> str:
        return str(self.args[0])


def check(name: str, address: str) -> str:
    """Return the address if a connection to it is allowed.

    Allowed are global addresses, and loopback where the name itself says so (``localhost``,
    names below it, 127.x): such a name gets here only when a source lists it with its port.

    Raises:
        AddressRefused: private, link-local, multicast, reserved, or loopback by another name.

    >>> check("localhost", "127.0.0.1")
    '127.0.0.1'
    """
    ip = ipaddress.ip_address(address)
    inner: ipaddress.IPv4Address | ipaddress.IPv6Address = ip
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or ip
    if inner.is_loopback and is_loopback(name):
        return address
    if not inner.is_global or inner.is_multicast or inner.is_reserved:
        raise AddressRefused(f"{name} leads to {address}, which is not a public address")
    return address


class GuardResolver(CachingThreadedResolver):
    """Scrapy's caching IPv4 resolver, which also answers ``*.localhost`` by itself and refuses
    what `check` refuses. Source: RFC 6761 section 6.3."""

    refused: ClassVar[dict[str, str]] = {}
    """Why a host name (without port) was refused: Twisted keeps only that its look-up failed."""

    def getHostByName(  # noqa: N802 - Twisted's name
        self, name: str, timeout: Sequence[int] = ()
    ) -> defer.Deferred[str]:
        """Fire with an IPv4 address as text, or with `AddressRefused`."""
        bare = name.rstrip(".").lower()
        if bare == "localhost" or bare.endswith(".localhost"):
            return defer.succeed("127.0.0.1")
        found = super().getHostByName(name, timeout)
        return found.addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        try:
            return check(name, address)
        except AddressRefused as error:
            if name not in self.refused:
                logger.warning("%s", error)
            self.refused[name] = str(error)
            raise


def refusal(url: str) -> str | None:
    """Return why a URL's host was refused, if it was."""
    return GuardResolver.refused.get(urlsplit(url).hostname or "")


#: Seconds that a second look at a silent host takes at the most.
_LOOK_S = 5.0


def never_connected(error: BaseException | None) -> bool:
    """Tell whether a request failed because no connection to its host could be made: its name
    leads to no address, nobody listens there, or there is no way."""
    if isinstance(error, DownloadTimeoutError):
        return isinstance(error.__cause__, ConnectError)
    return isinstance(
        error,
        (CannotResolveHostError, DownloadConnectionRefusedError, DNSLookupError, ConnectError),
    )


async def is_down(error: BaseException, url: str) -> bool:
    """Tell the same; where an answer took too long, by a look at whether there is anybody."""
    if never_connected(error) or not isinstance(error, DownloadTimeoutError):
        return never_connected(error)
    return not await _connects(url)


async def _connects(url: str) -> bool:
    from twisted.internet import reactor  # there is none when this module is loaded

    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    endpoint = HostnameEndpoint(reactor, parts.hostname or "", port, timeout=_LOOK_S)
    try:
        await maybe_deferred_to_future(connectProtocol(endpoint, _Look()))  # type: ignore[no-untyped-call]
    except (ConnectError, DNSLookupError, OSError):
        return False
    return True


class _Look(Protocol):
    """Hangs up at once."""

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        self.transport.loseConnection()  # type: ignore[union-attr,misc]
