"""Reasons are words: no list of failures, no class, no object, no tuple of a library's."""

from __future__ import annotations

import asyncio
import concurrent.futures
import re
import ssl

import pytest
from OpenSSL import SSL
from scrapy import exceptions as scrapy_errors
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.utils import _download_handlers
from service_identity.exceptions import DNSMismatch, VerificationError
from service_identity.hazmat import DNS_ID
from twisted.internet import error as network
from twisted.python.failure import Failure
from twisted.web import _newclient as client
from twisted.web.http import PotentialDataLoss, _DataLoss

from nordcrawl.errors import StoreRefused
from nordcrawl.middlewares.address_guard import UrlRefused
from nordcrawl.middlewares.resolver import AddressRefused
from nordcrawl.middlewares.robots import RobotsDenied
from nordcrawl.model.words import reason
from nordcrawl.spiders.responses import reason as reason_of
from nordcrawl.workers.pool import WorkFailed


def wrapped(error):
    """What Scrapy makes of an exception of Twisted's."""
    try:
        with _download_handlers.wrap_twisted_exceptions():
            raise error
    except Exception as caught:  # noqa: BLE001
        return caught


class Unspeakable(Exception):
    """Its own words fail, in a way that no library's would."""

    def __str__(self):
        raise RuntimeError("no words")


TLS = SSL.Error([("SSL routines", "", "certificate verify failed")])
HELLO = SSL.Error([("SSL routines", "", "wrong version number")])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (client.ResponseNeverReceived([Failure(network.ConnectionDone())]),
         "the server closed the connection"),
        (client.ResponseFailed([Failure(network.ConnectionLost()), Failure(_DataLoss())]),
         "the connection was lost; the answer was cut short"),
        (client.RequestTransmissionFailed([Failure(network.ConnectionLost("x"))]),
         "the connection was lost"),
        (client.ResponseNeverReceived([Failure(TLS)]), "TLS error: certificate verify failed"),
        (client.ResponseNeverReceived([Failure(HELLO)]), "TLS error: wrong version number"),
        (client.ResponseNeverReceived(
            [Failure(VerificationError([DNSMismatch(DNS_ID("example.org"))]))]),
         "TLS error: the certificate is of another name"),
        (client.ResponseFailed([Failure(client.ParseError("wrong number of parts", b"\x00"))]),
         "the answer is no HTTP"),
        (client.ResponseFailed([]), "the answer broke off"),
        (PotentialDataLoss(), "the answer was cut short"),
        (network.ConnectionRefusedError(), "connection refused"),
        (network.TimeoutError(), "timed out"),
        (network.TCPTimedOutError(), "timed out while connecting"),
        (network.DNSLookupError("no results for hostname lookup: x.example"),
         "DNS lookup failed"),
        (network.UnknownHostError(), "no such host"),
        (network.NoRouteError(), "no route to the host"),
        (network.ConnectError(osError=113, string="x"), "could not connect"),
        (network.ConnectionAborted(), "the connection was broken off"),
        (scrapy_errors.ResponseDataLossError(), "the answer was cut short"),
        (TunnelError("Could not open CONNECT tunnel with proxy x [{'status': 407}]"),
         "TunnelError: Could not open CONNECT tunnel with proxy x [{'status': 407}]"),
        (scrapy_errors.DownloadCancelledError("Cancelling download of x: expected response size"),
         "DownloadCancelledError: Cancelling download of x: expected response size"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"),
         "TLS error: broken off"),
        (TimeoutError(), "timed out"),
        (asyncio.CancelledError(), "stopped"),
        (concurrent.futures.CancelledError(), "stopped"),
        (ConnectionResetError(104, "Connection reset by peer"), "the connection was reset"),
        (FileNotFoundError(2, "No such file or directory", "/x"), "/x: No such file or directory"),
        (MemoryError(), "not enough memory"),
        (ValueError("no  number\nat all"), "ValueError: no number at all"),
        (ValueError(), "ValueError"),
        (ValueError("a", 1, b"\x00"), "ValueError: a, 1"),
        (TypeError(f"{int} and {object()} and {Failure(ValueError('of it'))}"),
         "TypeError: int and object and of it"),
        (KeyError("article_id"), "KeyError: 'article_id'"),
        (ValueError(f"can't pickle {(lambda: None)}"), "ValueError"),
        (Unspeakable("x"), "Unspeakable"),
        (RecursionError("maximum recursion depth exceeded"), "nested too deeply"),
        (SystemExit(3), "SystemExit: 3"),
        (RobotsDenied("denied by robots.txt"), "denied by robots.txt"),
        (UrlRefused(""), "not asked"),
        (AddressRefused("a leads to 10.0.0.1"), "a leads to 10.0.0.1"),
        (WorkFailed("took longer than 2 s"), "took longer than 2 s"),
        (StoreRefused("put x: 403"), "put x: 403"),
    ],
)  # fmt: skip
def test_a_reason_is_words(error, words):
    assert reason(error) == words
    if isinstance(error, Exception):
        assert reason_of(Failure(wrapped(error))) == words


def test_no_exception_of_the_network_shows_an_object():
    kinds = [
        kind
        for module in (network, client, scrapy_errors)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    assert len(kinds) > 50
    inner = [Failure(network.ConnectionDone()), Failure(ValueError("of it"))]
    for kind in kinds:
        for arguments in ((), (inner,), ("text", inner), (kind,)):
            try:
                error = kind(*arguments)
            except TypeError:
                continue
            for told in (reason(error), reason(wrapped(error))):
                assert not re.search(r"Failure|<class|<\w+\.|0x[0-9a-f]{6}", told), (kind, told)


@pytest.mark.slow
async def test_a_server_that_closes_is_told_as_such(paper, job):
    paper.publish("/news/1", "A story")
    paper.lastmods["/news/2"] = None
    answer = paper.answer

    def broken(path):
        if path == "/news/2":
            raise ConnectionAbortedError
        return answer(path)

    paper.answer = broken
    crawl = job()
    done = await asyncio.to_thread(crawl.crawl)
    assert done.code == 0, done.text
    (example,) = crawl.report()["examples"]["fetch_failed"]
    assert example["reason"] == "the server closed the connection"
    assert "twisted" not in done.out
