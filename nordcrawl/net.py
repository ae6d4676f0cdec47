"""Name resolution that leads to public addresses only.

Scrapy's resolver is asked for every connection, redirects, robots.txt and literal addresses
included, and the address it returns is the one connected to: what is refused here can't be
reached by any spelling. The port is `nordcrawl.middlewares.UrlGuardMiddleware`'s to check.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from scrapy.resolver import CachingThreadedResolver
from twisted.internet import defer
from twisted.internet.error import DNSLookupError

from nordcrawl.url import is_loopback

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
