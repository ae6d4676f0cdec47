"""Name resolution that leads to public addresses only.

Scrapy's resolver is asked for every connection, redirects, robots.txt and literal addresses
included, and the address it returns is the one connected to: what is refused here can't be
reached by any spelling. The port is `nordcrawl.middlewares.address_guard.UrlGuardMiddleware`'s to
check.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
)
from scrapy.resolver import CachingThreadedResolver, HostResolution, dnscache
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet import defer
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.base import ReactorBase
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.protocol import Protocol
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

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
    told = _inside(ip) or (ip,)
    literal = f"[{name}]" if ":" in name else name
    if told[0].is_loopback and is_loopback(literal):
        return address
    for each in told:
        if not each.is_global or each.is_multicast or each.is_reserved:
            raise AddressRefused(f"{name} leads to {address}, which is not a public address")
    return address


#: Source: RFC 6052 section 2.1; RFC 8215 (for networks' own use, so public to nobody).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_OWN_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
_NOBODY = ipaddress.IPv4Address(0)


def _inside(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> tuple[ipaddress.IPv4Address, ...]:
    """Return the IPv4 addresses that an IPv6 address leads to."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ()
    found = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in _NAT64:
        found.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    if ip in _OWN_NAT64:
        found.append(_NOBODY)
    return tuple(inner for inner in found if inner is not None)


class GuardResolver(CachingThreadedResolver):
    """Scrapy's caching resolver, with IPv6, which also answers ``*.localhost`` by itself and
    refuses what `check` refuses. Source: RFC 6761 section 6.3."""

    proxy: str = ""
    """Name of the operator's proxy, which may be anywhere."""

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

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Scrapy's constructor."""
        guard = super().from_crawler(crawler, reactor)
        told = urlsplit(str(crawler.settings.get("NORDCRAWL_PROXY") or ""))
        guard.proxy = told.hostname or ""
        return guard

    def install_on_reactor(self) -> None:
        """Answer for all connections: by name, and by what Twisted resolves in its old way."""
        super().install_on_reactor()
        reactor: Any = self.reactor
        reactor.installNameResolver(_Names(self))

    def addresses(self, name: str) -> defer.Deferred[list[str]]:
        """Fire with all allowed addresses of a name as text, IPv4 first: most machines have that,
        and some have no way for the other; or with `DNSLookupError` or `AddressRefused`."""
        bare = name.rstrip(".").lower()
        if bare == "localhost" or bare.endswith(".localhost"):
            return defer.succeed(["127.0.0.1"])
        key = f"{name} in all families"
        if key in dnscache:
            return defer.succeed(list(dnscache[key]))
        reactor: Any = self.reactor
        found: defer.Deferred[list[str]] = deferToThreadPool(
            reactor, reactor.getThreadPool(), _look_up, name
        )
        found.addTimeout(self.timeout, reactor, lambda *_: _timed_out(name))
        found.addCallback(self._allowed, name)
        return found.addCallback(self._kept, key)

    def _kept(self, found: list[str], key: str) -> list[str]:
        if dnscache.limit:
            dnscache[key] = found
        return found

    def _allowed(self, found: list[str], name: str) -> list[str]:
        allowed, refused = [], None
        for address in found:
            try:
                allowed.append(self._checked(address, name))
            except AddressRefused as error:
                refused = error
        if refused is not None and not allowed:
            raise refused
        return allowed

    def _checked(self, address: str, name: str) -> str:
        if self.proxy and name == self.proxy:
            return address
        try:
            return check(name, address)
        except AddressRefused as error:
            if name not in self.refused:
                logger.warning("%s", error)
            self.refused[name] = str(error)
            raise


def _look_up(name: str) -> list[str]:
    """Return the addresses of a name, each once, IPv4 first; not for the reactor's thread.

    Raises:
        DNSLookupError: there are none.
    """
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise DNSLookupError(f"no address for {name}") from error
    told = dict.fromkeys(str(address[0]) for *_, address in found)
    return sorted(told, key=lambda address: ":" in address)


def _timed_out(name: str) -> list[str]:
    raise DNSLookupError(f"no answer to who {name} is")


class _Names:
    """Twisted's ``IHostnameResolver``, which it asks for all addresses of a name."""

    def __init__(self, guard: GuardResolver) -> None:
        self._guard = guard

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803 - likewise
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type] | None = None,  # noqa: N803
        transportSemantics: Literal["TCP", "UDP"] = "TCP",  # noqa: N803
    ) -> HostResolution:
        """Tell the receiver each address that may be connected to."""
        resolution = HostResolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)

        def tell(found: list[str]) -> None:
            for address in found:
                kind = IPv6Address if ":" in address else IPv4Address
                if addressTypes is None or kind in addressTypes:
                    told = kind(transportSemantics, address, portNumber)
                    resolutionReceiver.addressResolved(told)

        def end(failure: Any) -> None:
            error = failure.value if isinstance(failure, Failure) else None
            if error is not None and not isinstance(error, DNSLookupError):
                logger.error("%s: %s", hostName, error)
            resolutionReceiver.resolutionComplete()

        self._guard.addresses(hostName).addCallback(tell).addBoth(end)
        return resolution


def refusal(url: str) -> str | None:
    """Return why a URL's host was refused, if it was."""
    return GuardResolver.refused.get(urlsplit(url).hostname or "")


#: Seconds that a second look at a silent host takes at the most.
_LOOK_S = 5.0


def never_connected(error: BaseException | None) -> bool:
    """Return whether a request failed because no connection to its host could be made: its name
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
