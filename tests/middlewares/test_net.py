"""No spelling of an address leads to a machine that is not public."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.exceptions import DownloadTimeoutError
from scrapy.resolver import dnscache
from twisted.internet import defer
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import DNSLookupError, TCPTimedOutError

from nordcrawl.middlewares import resolver
from nordcrawl.middlewares.resolver import AddressRefused, GuardResolver, check
from tests.support.jobs import Job
from tests.support.news_site import Paper


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("intranet.example.org", "10.0.0.1"),
        ("example.org", "127.0.0.1"),
        ("example.org", "169.254.169.254"),
        ("example.org", "192.168.1.1"),
        ("example.org", "172.16.0.1"),
        ("example.org", "0.0.0.0"),
        ("example.org", "224.0.0.1"),
        ("example.org", "255.255.255.255"),
        ("example.org", "100.64.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("localhost", "10.0.0.1"),
        ("example.org", "::1"),
        ("example.org", "::ffff:127.0.0.1"),
        ("example.org", "::ffff:10.0.0.1"),
        ("example.org", "2002:7f00:1::"),
        ("example.org", "fe80::1"),
        ("example.org", "fd00::1"),
        ("example.org", "64:ff9b::7f00:1"),
        ("example.org", "64:ff9b::a9fe:a9fe"),
        ("example.org", "64:ff9b:1::808:808"),
        ("example.org", "2001:0:808:808::80ff:fffe"),
        ("example.org", "::7f00:1"),
        ("example.org", "ff02::1"),
        ("example.org", "fe80::1%eth0"),
    ],
)
def test_what_is_not_public_is_refused(name, address):
    with pytest.raises(AddressRefused, match="not a public address"):
        check(name, address)


@pytest.mark.parametrize(
    ("name", "address"),
    [("example.org", "93.184.216.34"), ("en.paper.localhost", "127.0.0.1"),
     ("127.0.0.2", "127.0.0.2"), ("::1", "::1"),
     ("example.org", "64:ff9b::808:808"), ("example.org", "2606:2800:220:1:248:1893:25c8:1946")],
)  # fmt: skip
def test_public_addresses_and_loopback_by_its_own_name_pass(name, address):
    assert check(name, address) == address


class Receiver:
    """Takes what a name leads to, as Twisted's endpoints do."""

    def __init__(self) -> None:
        self.addresses: list[IPv4Address | IPv6Address] = []
        self.state = "new"

    def resolutionBegan(self, resolution: object) -> None:  # noqa: N802
        self.state = "began"

    def addressResolved(self, address: IPv4Address | IPv6Address) -> None:  # noqa: N802
        self.addresses.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        self.state = "complete"


@pytest.fixture
def lead(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[str]]]:
    """Return a function that has a name lead somewhere and returns where one may connect to."""
    dnscache.clear()
    asked: dict[str, list[str]] = {}

    def getaddrinfo(name: str, *_: object, **__: object) -> list[Any]:
        if name not in asked:
            raise socket.gaierror(-2, "Name or service not known")
        return [(None, None, 0, "", (address, 0)) for address in asked[name]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(
        resolver, "deferToThreadPool", lambda r, p, f, *a: defer.maybeDeferred(f, *a)
    )
    timers = SimpleNamespace(callLater=lambda *_: SimpleNamespace(active=lambda: False))
    installed: list[Any] = []
    reactor: Any = SimpleNamespace(
        installResolver=lambda _: None,
        installNameResolver=installed.append,
        getThreadPool=lambda: None,
        callLater=timers.callLater,
    )
    guard = GuardResolver(reactor, 100, 5.0)
    guard.install_on_reactor()

    def look_up(name: str, *addresses: str, only: Any = None) -> list[str]:
        if addresses:
            asked[name] = list(addresses)
        receiver = Receiver()
        installed[0].resolveHostName(receiver, name, 80, only)
        assert receiver.state == "complete"
        assert all(address.port == 80 for address in receiver.addresses)
        return [address.host for address in receiver.addresses]

    yield look_up
    dnscache.clear()


V4, V6 = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"


def test_a_name_leads_to_all_its_public_addresses_the_common_kind_first(lead):
    assert lead("both.example", V6, V4, V4) == [V4, V6]
    assert lead("both.example") == [V4, V6], "as kept"
    assert lead("both.example", only=[IPv6Address]) == [V6]
    assert lead("six.example", V6) == [V6]
    assert lead("paper.localhost") == ["127.0.0.1"]
    assert lead("nowhere.example") == []


def test_what_is_not_public_is_left_out_and_said(lead):
    assert lead("mixed.example", "10.0.0.7", V4, "fd00::1") == [V4]
    assert lead("inside.example", "10.0.0.7", "::ffff:127.0.0.1") == []
    assert "not a public address" in (resolver.refusal("http://inside.example/") or "")
    assert resolver.refusal("http://six.example/") is None


def test_a_look_up_that_fails_is_a_failed_look_up():
    with pytest.raises(DNSLookupError):
        resolver._timed_out("slow.example")


@pytest.mark.parametrize("connects", [True, False])
async def test_of_a_silent_host_it_is_looked_whether_anybody_is_there(
    monkeypatch: pytest.MonkeyPatch, connects: bool
) -> None:
    looked: list[str] = []

    async def look(url: str) -> bool:
        looked.append(url)
        return connects

    monkeypatch.setattr(resolver, "_connects", look)
    assert await resolver.is_down(DownloadTimeoutError(), "http://a.example/") is not connects
    assert looked == ["http://a.example/"]
    connecting = DownloadTimeoutError()
    connecting.__cause__ = TCPTimedOutError()
    for error, down in ((connecting, True), (DNSLookupError(), True), (OSError("reset"), False)):
        assert await resolver.is_down(error, "http://a.example/") is down
    assert len(looked) == 1, "what is known is not looked at"


class Six(ThreadingHTTPServer):
    address_family = socket.AF_INET6


@pytest.mark.slow
def test_a_site_that_has_only_ipv6_is_crawled(paper: Paper, tmp_path: Path) -> None:
    paper.publish("/news/a", "Story a")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = paper.answer(self.path)
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    try:
        server = Six(("::1", 0), Handler)
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    with server:
        Thread(target=server.serve_forever, daemon=True).start()
        paper.host = f"[::1]:{server.server_port}"
        paper.url = f"http://{paper.host}"
        crawl = Job(tmp_path, "paper", {"NORDCRAWL_SOURCES": str(paper.source(tmp_path))})
        done = crawl.crawl()
        server.shutdown()
    assert done.code == 0, done.text
    assert [record["url"] for record in crawl.records()] == [f"{paper.url}/news/a"]
