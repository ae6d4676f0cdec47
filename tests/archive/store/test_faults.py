"""What an S3 store may do to us: nothing is lost, doubled, overwritten or believed unseen."""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.compat
import pytest

from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import MARKER_BODY, MARKER_KEY, Capabilities, ObjectEntry, Put
from nordcrawl.archive.store.retry import RetryPolicy, retry
from nordcrawl.archive.store.s3 import S3Store
from nordcrawl.errors import (
    ArchiveDamaged,
    ExitCode,
    ObjectConflict,
    StoreError,
    StoreRefused,
    StoreUnavailable,
)
from tests.support import faulty_s3 as faulty
from tests.support import s3_servers as servers
from tests.support.faulty_s3 import Fault
from tests.support.waiting import HANG_S, until

BODY = os.urandom(4000)
KEY = "a/part.jsonl.gz"


SOON = RetryPolicy(first_wait_s=0.02)


@pytest.fixture(autouse=True)
def _no_secret_is_told(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """At DEBUG, whatever the test does."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.get_records("call"):
        text = record.getMessage() + (record.exc_text or "")
        assert "canary" not in text
        assert "Signature=" not in text


def refused(operation: Callable[[], object], kind: type[StoreError] = StoreRefused) -> str:
    """Return the text of the error that `operation` ends with, having looked for secrets in it."""
    with pytest.raises(kind) as raised:
        operation()
    whole = "".join(traceback.format_exception(raised.value))
    for secret in ("canary", "AKIA", "Signature=", "X-Amz-Credential"):
        assert secret not in whole
    text = str(raised.value)
    assert "\n" not in text
    assert len(text) < 700
    return text


def put(store: S3Store, body: bytes = BODY) -> Put:
    return store.put(KEY, body, content_type="application/gzip")


@pytest.fixture(params=["fenced", "unprobed"])
def behind(
    request: pytest.FixtureRequest,
    proxy: faulty.Server,
    seaweedfs: servers.S3Server,
    prefix: str,
) -> S3Store:
    """A store behind the proxy; one that was probed trusts conditions, the other looks first."""
    store = S3Store(seaweedfs.bucket, prefix, retry_s=120, read_timeout_s=1, policy=SOON)
    if request.param == "fenced":
        store.probe()
    proxy.seen.clear()
    return store


@pytest.fixture
def truth(seaweedfs: servers.S3Server, prefix: str) -> Callable[[], bytes]:
    """Read the object straight from the server."""

    def read() -> bytes:
        answer = seaweedfs.client().get_object(Bucket=seaweedfs.bucket, Key=f"{prefix}/{KEY}")
        return bytes(answer["Body"].read())

    return read


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(faulty.error(503, "SlowDown"), times=3), id="503-three-times"),
        pytest.param(Fault(faulty.error(500, "InternalError")), id="500"),
        pytest.param(Fault(faulty.error(429, "TooManyRequests")), id="429"),
        pytest.param(Fault(faulty.error(408, "RequestTimeout")), id="408"),
        pytest.param(Fault(faulty.error(400, "RequestTimeout")), id="400-timeout"),
        pytest.param(Fault(faulty.error(400, "BadDigest")), id="bad-digest"),
        pytest.param(Fault(faulty.error(409, "ConditionalRequestConflict")), id="409"),
        pytest.param(Fault(faulty.error(412, "PreconditionFailed")), id="412-of-nothing"),
        pytest.param(Fault(faulty.html(502)), id="502-html"),
        pytest.param(Fault(faulty.html(302)), id="302-portal"),
        pytest.param(Fault(faulty.html(404)), id="404-html"),
        pytest.param(Fault(faulty.reset), id="reset"),
        pytest.param(Fault(faulty.reset, method="HEAD"), id="reset-of-the-proof"),
        pytest.param(Fault(faulty.html(200)), id="portal-says-200"),
        pytest.param(Fault(faulty.html(200), method="HEAD"), id="portal-says-200-to-the-proof"),
        pytest.param(Fault(faulty.hollow_success), id="200-without-commit"),
        pytest.param(Fault(faulty.flip), id="flipped"),
        pytest.param(Fault(faulty.truncate), id="truncated"),
        pytest.param(Fault(faulty.act_too_late), id="server-acts-when-we-have-given-up"),
        pytest.param(Fault(faulty.truncate_answer), id="answer-cut"),
        pytest.param(Fault(faulty.without_length, method="HEAD"), id="proof-without-length"),
    ],
)
def test_put_gets_over(
    behind: S3Store, proxy: faulty.Server, truth: Callable[[], bytes], fault: Fault
) -> None:
    proxy.faults = [Fault(fault.act, fault.method, fault.times)]
    assert put(behind) in Put
    assert proxy.faults[0].times == 0, "the fault was met"
    assert truth() == BODY


@pytest.mark.parametrize(
    "act",
    [faulty.reset_after, faulty.error_after, faulty.answer_too_late],
    ids=["reset", "error", "late"],
)
def test_lost_answer(
    behind: S3Store, proxy: faulty.Server, truth: Callable[[], bytes], act: faulty.Act
) -> None:
    """The store has the object and we were not told: the next try sees it."""
    proxy.faults = [Fault(act)]
    assert put(behind) is Put.ALREADY
    assert truth() == BODY


def test_lost_answer_to_somebody_elses_object(behind: S3Store, proxy: faulty.Server) -> None:
    put(behind)
    proxy.faults = [Fault(faulty.reset_after)]
    with pytest.raises(ObjectConflict):
        put(behind, b"other")
    assert behind.get(KEY) == BODY


def test_portal_between_two_writers(behind: S3Store, proxy: faulty.Server) -> None:
    """A 200 from a portal does not make somebody else's object ours to replace."""
    put(behind)
    proxy.faults = [Fault(faulty.hollow_success, times=9), Fault(faulty.html(200), times=9)]
    with pytest.raises(ObjectConflict):
        put(behind, b"other")
    assert behind.get(KEY) == BODY


@pytest.mark.parametrize("status", [200, 302, 307, 404])
def test_portal_for_ever(proxy: faulty.Server, seaweedfs: servers.S3Server, status: int) -> None:
    proxy.faults = [
        Fault(faulty.html(status), method, times=999) for method in ("PUT", "HEAD", "GET")
    ]
    store = S3Store(seaweedfs.bucket, "t/portal", retry_s=0.1, policy=SOON)
    for operation in (
        store.probe,
        lambda: put(store),
        lambda: store.get(KEY),
        lambda: store.exists(KEY),
        lambda: list(store.list("")),
        lambda: list(store.folders("")),
    ):
        assert "no usable answer" in refused(operation, StoreUnavailable)


@pytest.mark.parametrize("headers", [{}, {"x-amz-bucket-region": "eu-north-1"}])
def test_redirect_for_ever(
    proxy: faulty.Server, seaweedfs: servers.S3Server, headers: dict[str, str]
) -> None:
    proxy.faults = [
        Fault(faulty.html(301, headers), method, times=999) for method in ("PUT", "HEAD", "GET")
    ]
    store = S3Store(seaweedfs.bucket, "t/portal", policy=SOON)
    for operation in (store.probe, lambda: put(store), lambda: store.exists(KEY)):
        assert "AWS_ENDPOINT_URL" in refused(operation)


@pytest.mark.parametrize("behind", ["fenced"], indirect=True)  # of no consequence to readers
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "act",
    [
        faulty.reset,
        faulty.html(200),
        faulty.html(503),
        faulty.html(404),
        faulty.error(503, "SlowDown"),
        faulty.act_too_late,
        faulty.truncate_answer,
        faulty.without_length,
    ],
    ids=["reset", "200-html", "503-html", "404-html", "503", "late", "cut", "no-length"],
)
def test_reading_gets_over(
    behind: S3Store, proxy: faulty.Server, act: faulty.Act, method: str
) -> None:
    put(behind)
    for operation, expected in (
        (lambda: behind.get(KEY), BODY),
        (lambda: behind.exists(KEY), True),
        (lambda: behind.exists("nope"), False),
        (lambda: list(behind.list("a/")), [ObjectEntry(KEY, len(BODY))]),
        (lambda: list(behind.folders("")), ["a"]),
    ):
        proxy.faults = [Fault(act, method)]
        assert operation() == expected


def test_answer_damaged_on_the_way(behind: S3Store, proxy: faulty.Server) -> None:
    put(behind)
    proxy.faults = [Fault(faulty.flip_answer, "GET")]
    assert behind.get(KEY) == BODY
    proxy.faults = [Fault(faulty.flip_answer, "GET", times=9)]
    assert "not those of the object's sha256" in refused(lambda: behind.get(KEY), ArchiveDamaged)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(faulty.error(503, "SlowDown"), "DELETE"),
        Fault(faulty.html(200), "DELETE"),
        Fault(faulty.hollow_success, "DELETE"),
        Fault(faulty.reset, "DELETE"),
        Fault(faulty.reset_after, "DELETE"),
        Fault(faulty.error_after, "DELETE"),
        Fault(faulty.html(200), "GET"),
        Fault(faulty.reset, "GET"),
    ],
    ids=["503", "portal", "200-undone", "reset", "lost", "500-done", "portal-lists", "list-reset"],
)
def test_delete_gets_over(behind: S3Store, proxy: faulty.Server, fault: Fault) -> None:
    """What is said to be gone is gone."""
    put(behind)
    proxy.faults = [Fault(fault.act, fault.method)]
    behind.delete(KEY)
    assert proxy.faults[0].times == 0
    assert not behind.exists(KEY)


def test_delete_that_the_store_only_claims(behind: S3Store, proxy: faulty.Server) -> None:
    put(behind)
    behind._retry_s = 0.3
    proxy.faults = [Fault(faulty.hollow_success, "DELETE", times=999)]
    assert "still there" in refused(lambda: behind.delete(KEY), StoreUnavailable)
    assert behind.get(KEY) == BODY


def test_key_that_may_not_delete(behind: S3Store, proxy: faulty.Server) -> None:
    put(behind)
    proxy.faults = [Fault(faulty.error(403, "AccessDenied"), "DELETE", times=999)]
    assert "s3:DeleteObjectVersion" in refused(lambda: behind.delete(KEY))
    assert behind.get(KEY) == BODY


def test_down_for_good(use: Callable[..., None], dead: str) -> None:
    """Names operation, key, number of tries and the last error; takes the time allowed."""
    use(servers.S3Server(dead, "bucket"))
    store = S3Store("bucket", retry_s=1.5, policy=SOON)
    started = time.monotonic()
    text = refused(lambda: put(store), StoreUnavailable)
    assert time.monotonic() - started > 1.4
    for part in ("put", KEY, "s3://bucket", "tries", "EndpointConnectionError"):
        assert part in text
    assert StoreUnavailable.exit_code is ExitCode.PENDING


def test_unknown_host(use: Callable[..., None]) -> None:
    use(servers.S3Server("http://store.invalid:9000", "bucket"))
    store = S3Store("bucket", retry_s=0.2, policy=SOON)
    assert "store.invalid" in refused(lambda: put(store), StoreUnavailable)


def test_down_then_up(use: Callable[..., None]) -> None:
    with faulty.served(faulty.CarelessStore(), down=True) as server:
        use(servers.S3Server(faulty.endpoint(server), "bucket"))
        store = S3Store("bucket", retry_s=HANG_S, policy=SOON)
        tries: list[object] = []
        store._bucket.client.meta.events.register("before-send.s3", lambda **_: tries.append(1))
        ends: list[Put] = []
        thread = threading.Thread(target=lambda: ends.append(put(store)))
        thread.start()
        until(lambda: len(tries) > 2, "some tries")
        assert thread.is_alive()
        server.start()
        thread.join(HANG_S)
    assert ends == [Put.CREATED]


def test_hangs_for_ever(behind: S3Store, proxy: faulty.Server) -> None:
    """Each try is bounded, so the whole is."""
    proxy.faults = [Fault(faulty.act_too_late, method, times=99) for method in ("PUT", "HEAD")]
    behind._retry_s = 1
    assert "ReadTimeoutError" in refused(lambda: put(behind), StoreUnavailable)
    assert len(proxy.seen) <= 3


def test_slow_uplink_is_no_hang(
    proxy: faulty.Server, seaweedfs: servers.S3Server, prefix: str, truth: Callable[[], bytes]
) -> None:
    """An upload may last longer than the connect timeout as long as it gets on."""
    store = S3Store(seaweedfs.bucket, prefix, retry_s=0, connect_timeout_s=0.5, read_timeout_s=60)
    proxy.read_rate = 6e6
    body = os.urandom(9_000_000)
    started = time.monotonic()
    assert put(store, body) is Put.CREATED
    assert time.monotonic() - started > 1
    assert truth() == body


def test_upload_that_never_ends(proxy: faulty.Server, seaweedfs: servers.S3Server) -> None:
    """A store that takes a few bytes now and then keeps no socket's timeout, but ours."""
    policy = replace(SOON, lowest_rate=1e9)
    store = S3Store(seaweedfs.bucket, "t/drip", retry_s=0, read_timeout_s=2, policy=policy)
    proxy.read_rate = 500_000
    text = refused(lambda: put(store, bytes(16_000_000)), StoreUnavailable)
    assert "too slow" in text


def test_stop_ends_the_retrying(use: Callable[..., None], dead: str) -> None:
    use(servers.S3Server(dead, "bucket"))
    stop = threading.Event()
    store = open_store("s3://bucket", retry_s=2 * HANG_S, stop=stop)
    threading.Timer(0.5, stop.set).start()
    started = time.monotonic()
    text = refused(lambda: store.put(KEY, BODY, content_type="application/gzip"), StoreUnavailable)
    assert "stopped" in text
    assert time.monotonic() - started < HANG_S


REFUSALS = [
    (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
    (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
    (403, "AccessDenied", "s3:PutObject"),
    (400, "ExpiredToken", "expired"),
    (403, "RequestTimeTooSkewed", "clock"),
    (404, "NoSuchBucket", "no such bucket"),
    (301, "PermanentRedirect", "AWS_REGION"),
    (400, "AuthorizationHeaderMalformed", "AWS_REGION"),
    (403, "SomethingNew", "s3:PutObject"),
    (401, "Unauthorized", "AWS_ACCESS_KEY_ID"),
]


@pytest.mark.parametrize(("status", "code", "says"), REFUSALS)
def test_refused_at_once(
    proxy: faulty.Server, seaweedfs: servers.S3Server, status: int, code: str, says: str
) -> None:
    message = (
        "token IQoJb3JpZ2luX2VjEHoaCXVzLWVhc3QtMSJHMEUCIQDcanary0123456789 of AKIAIOSFODNN7EXAMPLE"
    )
    proxy.faults = [
        Fault(faulty.error(status, code, message), method, times=99)
        for method in ("PUT", "HEAD", "GET")
    ]
    store = S3Store(seaweedfs.bucket, "t/refused", retry_s=60, policy=SOON)
    for operation in (
        store.probe,
        lambda: put(store),
        lambda: store.get(KEY),
        lambda: store.exists(KEY),
        lambda: list(store.list("")),
    ):
        proxy.seen.clear()
        text = refused(operation)
        assert len(proxy.seen) <= 3, "it is not tried again"
        assert code in text
        assert says in text
        assert store.uri in text
    assert StoreRefused.exit_code is ExitCode.STORE


@pytest.mark.parametrize("name", ["seaweedfs", "juicefs", "swift"])
@pytest.mark.parametrize(
    ("changes", "bucket", "says"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIACANARYCANARY"}, "", "AWS_ACCESS_KEY_ID"),
        ({"AWS_SECRET_ACCESS_KEY": "canary-wrong"}, "", "AWS_SECRET_ACCESS_KEY"),
        ({}, "no-such-bucket", "no such bucket"),
    ],
    ids=["key", "secret", "bucket"],
)
def test_real_servers_refuse(
    name: str,
    changes: dict[str, str],
    bucket: str,
    says: str,
    use: Callable[..., None],
    request: pytest.FixtureRequest,
) -> None:
    server: servers.S3Server = request.getfixturevalue(name)
    use(server, **changes)
    store = S3Store(bucket or server.bucket, "t/refused", policy=SOON)
    assert says in refused(store.probe)
    assert says in refused(lambda: put(store))
    assert says in refused(lambda: store.exists(KEY))
    assert says in refused(lambda: list(store.list("")))


@pytest.mark.parametrize("name", ["seaweedfs", "juicefs", "swift"])
def test_wrong_clock(
    name: str,
    use: Callable[..., None],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server: servers.S3Server = request.getfixturevalue(name)
    use(server)
    now: Callable[..., datetime] = botocore.compat.get_current_datetime

    def an_hour_ago(*arguments: Any, **named: Any) -> datetime:
        return now(*arguments, **named) - timedelta(hours=1)

    monkeypatch.setattr("botocore.auth.get_current_datetime", an_hour_ago)
    store = S3Store(server.bucket, "t/clock", policy=SOON)
    assert "clock" in refused(store.probe)


def test_no_credentials(use: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    use(servers.S3Server("http://127.0.0.1:9", "bucket"))
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "AWS_SECRET_ACCESS_KEY" in refused(lambda: S3Store("bucket").probe())
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    text = refused(lambda: S3Store("bucket").probe())
    assert "no credentials" in text
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "AWS_PROFILE" in refused(lambda: S3Store("bucket").probe())


def test_region(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "AWS_REGION" in refused(lambda: S3Store("bucket"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert S3Store("bucket")._bucket.client.meta.region_name == "us-east-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert S3Store("bucket")._bucket.client.meta.region_name == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert S3Store("bucket")._bucket.client.meta.region_name == "eu-north-1"


@pytest.mark.parametrize(
    ("said", "host", "path"),
    [
        ("", "store.test", "/news/nordic/_nordcrawl.json"),
        (
            "[default]\ns3 =\n  addressing_style = virtual\n",
            "news.store.test",
            "/nordic/_nordcrawl.json",
        ),
    ],
    ids=["path", "virtual"],
)
def test_the_bucket_stands_where_the_aws_configuration_wants_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, host: str, path: str
) -> None:
    (tmp_path / "config").write_text(said)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store.test")
    client = S3Store("news", "nordic")._bucket.client
    url = client.generate_presigned_url(
        "get_object", Params={"Bucket": "news", "Key": f"nordic/{MARKER_KEY}"}
    )
    assert (urlsplit(url).netloc, urlsplit(url).path) == (host, path)


def test_bad_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "key:canary@127.0.0.1:9")
    assert "AWS_ENDPOINT_URL" in refused(lambda: S3Store("bucket"))


def test_credentials_in_the_endpoint_are_not_told(use: Callable[..., None]) -> None:
    with servers.dead_port() as port:
        use(servers.S3Server(f"http://key:canary@127.0.0.1:{port}", "bucket"))
        text = refused(lambda: put(S3Store("bucket", retry_s=0)), StoreUnavailable)
    assert f"127.0.0.1:{port}" in text


def test_key_that_may_only_write(proxy: faulty.Server, seaweedfs: servers.S3Server) -> None:
    """Without reading nothing can be proven; the text says what is missing."""
    proxy.faults = [
        Fault(faulty.error(403, "AccessDenied"), method, times=99) for method in ("GET", "HEAD")
    ]
    text = refused(S3Store(seaweedfs.bucket, "t/write-only").probe)
    assert "s3:GetObject" in text


def test_key_that_may_not_list(
    proxy: faulty.Server, seaweedfs: servers.S3Server, prefix: str
) -> None:
    """AWS says 403 to it for a missing marker: the probe makes it all the same."""
    proxy.faults = [Fault(faulty.error(403, "AccessDenied"), "GET", ending=MARKER_KEY)]
    store = S3Store(seaweedfs.bucket, prefix, policy=SOON)
    assert store.probe().conditional_put
    assert store.get(MARKER_KEY) == MARKER_BODY


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
def test_the_first_look_gets_over_a_lost_answer(
    proxy: faulty.Server, seaweedfs: servers.S3Server, prefix: str, method: str
) -> None:
    end = threading.Event()

    def lose_answer(request: faulty.Request, forward: faulty.Forward) -> None:
        forward(request)
        end.wait(60)

    proxy.faults = [fault := Fault(lose_answer, method, ending=MARKER_KEY)]
    store = S3Store(seaweedfs.bucket, prefix, retry_s=60, read_timeout_s=1, policy=SOON)
    try:
        assert store.probe().conditional_put
    finally:
        end.set()
    assert fault.times == 0, "the fault was met"
    assert store.get(MARKER_KEY) == MARKER_BODY


def test_an_answer_is_asked_for_again_that_took_all_the_time_there_was() -> None:
    now, tries = 0.0, 0
    policy = RetryPolicy(clock=lambda: now)

    def attempt() -> str:
        nonlocal now, tries
        tries += 1
        now += 60
        if tries == 1:
            raise OSError("no answer")
        return "answer"

    stop = threading.Event()
    assert retry("get", "x", attempt, until=10, stop=stop, policy=policy) == "answer"
    stop.set()
    tries = 0
    with pytest.raises(StoreUnavailable, match="in 1 tries"):
        retry("get", "x", attempt, until=10, stop=stop, policy=policy)


def test_the_first_look_is_as_patient_as_all_others(use: Callable[..., None]) -> None:
    use(servers.S3Server("http://127.0.0.1:9", "bucket"))
    now = 0.0

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            nonlocal now
            now += timeout or 0
            return False

    policy = RetryPolicy(clock=lambda: now)
    store = S3Store("bucket", "p", retry_s=300, stop=Stop(), policy=policy)
    assert "over 300 s" in refused(store.probe, StoreUnavailable)


@pytest.mark.parametrize(("retry_s", "try_s"), [(300, 60), (30, 15), (5, 10)])
def test_one_try_leaves_time_for_another(
    use: Callable[..., None], retry_s: float, try_s: float
) -> None:
    use(servers.S3Server("http://127.0.0.1:9", "bucket"))
    store = S3Store("bucket", retry_s=retry_s)
    assert store._bucket.client.meta.config.read_timeout == try_s  # type: ignore[attr-defined]


def test_waits_grow_and_are_jittered(use: Callable[..., None]) -> None:
    use(servers.S3Server("http://127.0.0.1:9", "bucket"))
    waits: list[float] = []
    now = 0.0

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            nonlocal now
            waits.append(timeout or 0)
            now += timeout or 0
            return False

    policy = RetryPolicy(clock=lambda: now)
    store = S3Store("bucket", retry_s=300, stop=Stop(), policy=policy)

    def attempt() -> None:
        raise OSError("down")

    text = refused(lambda: store._retrying("put", KEY, attempt), StoreUnavailable)
    assert "over 300 s" in text
    assert sum(waits) == pytest.approx(300)
    assert all(first < 30 for first in waits)
    assert waits[0] <= 0.5
    assert 15 <= waits[8] <= 30
    assert len({round(wait, 6) for wait in waits}) == len(waits)


# What no real server here does.


@pytest.fixture
def careless(use: Callable[..., None]) -> Iterator[Callable[..., tuple[S3Store, faulty.Server]]]:
    """Make a store in front of a bucket that checks nothing."""
    with ExitStack() as stack:

        def make(**how: Any) -> tuple[S3Store, faulty.Server]:
            server = stack.enter_context(faulty.served(faulty.CarelessStore(**how)))
            use(servers.S3Server(faulty.endpoint(server), "bucket"))
            return S3Store("bucket", "p", retry_s=120, policy=SOON), server

        yield make


CARELESS = [
    {"conditions": conditions, "md5_etags": md5_etags, "keeps_metadata": keeps_metadata}
    for conditions in ("honoured", "ignored", "refused")
    for md5_etags, keeps_metadata in ((True, True), (False, True), (False, False))
]


@pytest.mark.parametrize("how", CARELESS, ids=lambda how: "-".join(map(str, how.values())))
@pytest.mark.parametrize("act", [faulty.flip, faulty.truncate])
def test_damaged_upload_that_the_store_believed(
    careless: Callable[..., tuple[S3Store, faulty.Server]], how: dict[str, Any], act: faulty.Act
) -> None:
    """Seen by looking at what was stored, and put right, for the damaged object is our own."""
    store, server = careless(**how)
    assert store.probe() == Capabilities(how["conditions"] == "honoured", checksum=False)
    server.faults = [Fault(act)]
    assert put(store) is Put.CREATED
    assert store.get(KEY) == BODY
    assert put(store) is Put.ALREADY
    with pytest.raises(ObjectConflict):
        put(store, b"other")
    assert store.get(KEY) == BODY


@pytest.mark.parametrize("how", CARELESS, ids=lambda how: "-".join(map(str, how.values())))
def test_lost_answer_of_a_careless_store(
    careless: Callable[..., tuple[S3Store, faulty.Server]], how: dict[str, Any]
) -> None:
    store, server = careless(**how)
    store.probe()
    server.faults = [Fault(faulty.reset_after)]
    assert put(store) is Put.ALREADY
    assert store.get(KEY) == BODY


@pytest.mark.parametrize(
    "refusal",
    [
        (
            400,
            "InvalidArgument",
            "Unsupported header 'x-amz-checksum-sha256' received for this API call.",
        ),
        (501, "NotImplemented", "Header 'x-amz-checksum-sha256' is not implemented"),
        (400, "InvalidRequest", "Checksum algorithm SHA256 is not supported"),
    ],
    ids=lambda refusal: refusal[1],
)
def test_a_store_that_takes_no_checksum_is_written_without(
    careless: Callable[..., tuple[S3Store, faulty.Server]], refusal: tuple[int, str, str]
) -> None:
    store, _ = careless(checksum_refusal=refusal)
    assert store.probe() == Capabilities(conditional_put=True, checksum=False)
    assert put(store) is Put.CREATED
    assert store.get(KEY) == BODY


def test_a_checksum_that_is_wrong_is_no_reason_to_leave_it_away(
    behind: S3Store, proxy: faulty.Server
) -> None:
    wrong = faulty.error(400, "BadDigest", "The x-amz-checksum-sha256 did not match")
    proxy.faults = [Fault(wrong)]
    assert put(behind) is Put.CREATED
    assert behind._bucket.takes_checksum


def test_proof_damaged_on_the_way_accuses_nobody(
    careless: Callable[..., tuple[S3Store, faulty.Server]],
) -> None:
    store, server = careless(md5_etags=False, keeps_metadata=False)
    put(store)
    server.faults = [Fault(faulty.flip_answer, "GET")]
    assert put(store) is Put.ALREADY


def test_debug_logging_of_the_libraries_stays_off(
    use: Callable[..., None],
    seaweedfs: servers.S3Server,
    caplog: pytest.LogCaptureFixture,
) -> None:
    use(seaweedfs)
    logging.getLogger("botocore").setLevel(logging.DEBUG)
    S3Store(seaweedfs.bucket, "t/log", policy=SOON).probe()
    assert not logging.getLogger("botocore.auth").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.DEBUG)
    assert not [record for record in caplog.records if record.name.startswith("botocore")]
