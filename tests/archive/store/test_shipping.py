"""A writer ships through every fault of `faulty`: nothing lost, nothing twice, the right error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.store.retry import RetryPolicy
from nordcrawl.archive.store.s3 import S3Store
from nordcrawl.errors import StoreError, StoreRefused, StoreUnavailable
from tests.support import faulty_s3 as faulty
from tests.support import s3_servers as servers
from tests.support.archive_builders import (
    LIMITS,
    accept,
    archive,
    check_archive,
    finish_in_vain,
    make_record,
    open_writer,
)
from tests.support.faulty_s3 import Fault
from tests.support.suite_parts import first_of

FOR_EVER = 10**6


def open_store(
    server: servers.S3Server, prefix: str, retry_s: float, read_timeout_s: float = 60.0
) -> S3Store:
    return S3Store(
        server.bucket,
        prefix,
        retry_s=retry_s,
        read_timeout_s=read_timeout_s,
        connect_timeout_s=read_timeout_s,
        policy=RetryPolicy(first_wait_s=0.01),
    )


def check(server: servers.S3Server, prefix: str, numbers: range) -> None:
    """Prove the archive from its objects, and that it has each of these records once."""
    lines = check_archive(open_store(server, prefix, 120))
    found = Counter(decode_json(line)["article_id"] for line in lines.elements())
    assert found == Counter(f"example:{number}" for number in numbers)


@pytest.mark.parametrize(
    ("act", "method"),
    [
        pytest.param(faulty.error(500, "InternalError"), "*", id="500"),
        pytest.param(faulty.error(503, "SlowDown"), "*", id="503", marks=pytest.mark.slow),
        pytest.param(
            faulty.error(412, "PreconditionFailed"), "PUT", id="412", marks=pytest.mark.slow
        ),
        pytest.param(faulty.reset, "*", id="reset-before", marks=pytest.mark.slow),
        pytest.param(faulty.reset_after, "*", id="reset-after"),
        pytest.param(faulty.error_after, "*", id="500-after"),
        pytest.param(faulty.late_answer(0.1), "*", id="latency", marks=pytest.mark.slow),
        pytest.param(
            faulty.answer_too_late, "PUT", id="answer-after-our-patience", marks=pytest.mark.slow
        ),
        pytest.param(faulty.html(200), "*", id="200-html", marks=pytest.mark.slow),
        pytest.param(faulty.hollow_success, "PUT", id="200-without-storing"),
        pytest.param(faulty.flip, "PUT", id="upload-flipped"),
        pytest.param(faulty.truncate, "PUT", id="upload-cut", marks=pytest.mark.slow),
        pytest.param(faulty.flip_answer, "GET", id="answer-flipped", marks=pytest.mark.slow),
        pytest.param(faulty.truncate_answer, "GET", id="answer-cut"),
    ],
)
def test_faults_that_pass(
    seaweedfs: servers.S3Server,
    proxy: faulty.Server,
    prefix: str,
    tmp_path: Path,
    act: faulty.Act,
    method: str,
) -> None:
    """Every third request fails; two runs, for the second one reads what the first one wrote."""
    patience_s = 0.5 if act is faulty.answer_too_late else 60.0
    store = open_store(seaweedfs, prefix, 120, patience_s)
    archive(store, tmp_path / "first", make_record(1))
    proxy.faults = [Fault(act, method, FOR_EVER, every=3)]
    archive(store, tmp_path / "second", *(make_record(number) for number in range(2, 8)))
    archive(store, tmp_path / "first", *(make_record(number) for number in range(8, 14)))
    assert proxy.faults[0].times < FOR_EVER, "the fault was met"
    proxy.faults.clear()
    check(seaweedfs, prefix, range(1, 14))


@pytest.fixture
def endings(
    seaweedfs: servers.S3Server, proxy: faulty.Server, use: Callable[..., None]
) -> Iterator[Callable[[str], None]]:
    """Let a fault begin, by name, for good."""
    with ExitStack() as stack:

        def begin(name: str) -> None:
            if name == "wrong-secret":
                use(seaweedfs, AWS_SECRET_ACCESS_KEY="canary-wrong")
            elif name == "wrong-key":
                use(seaweedfs, AWS_ACCESS_KEY_ID="nobody")
            elif name == "dead-port":
                dead = stack.enter_context(servers.dead_port())
                use(seaweedfs.through(f"http://127.0.0.1:{dead}"))
            elif name == "black-hole":
                use(seaweedfs.through(stack.enter_context(faulty.black_hole())))
            else:
                act, method = LASTING[name]
                proxy.faults = [Fault(act, method, FOR_EVER)]

        yield begin


LASTING: dict[str, tuple[faulty.Act, str]] = {
    "500": (faulty.error(500, "InternalError"), "*"),
    "reset": (faulty.reset, "*"),
    "silence": (faulty.act_too_late, "*"),
    "portal": (faulty.html(200), "*"),
    "412": (faulty.error(412, "PreconditionFailed"), "PUT"),
    "200-without-storing": (faulty.hollow_success, "PUT"),
    "upload-flipped": (faulty.flip, "PUT"),
    "expired-token": (faulty.error(400, "ExpiredToken"), "*"),
    "access-denied": (faulty.error(403, "AccessDenied"), "PUT"),
    "clock": (faulty.error(403, "RequestTimeTooSkewed"), "*"),
    "no-bucket": (faulty.error(404, "NoSuchBucket"), "*"),
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *first_of(*((name, StoreUnavailable) for name in list(LASTING)[:7])),
        *first_of(*((name, StoreRefused) for name in list(LASTING)[7:])),
        *first_of(("dead-port", StoreUnavailable), ("black-hole", StoreUnavailable)),
        *first_of(("wrong-secret", StoreRefused), ("wrong-key", StoreRefused)),
    ],
)
def test_faults_that_last(
    seaweedfs: servers.S3Server,
    proxy: faulty.Server,
    prefix: str,
    tmp_path: Path,
    endings: Callable[[str], None],
    use: Callable[..., None],
    name: str,
    kind: type[StoreError],
) -> None:
    """They begin in the midst of a run; what was accepted waits, and is stored after their end."""
    archive(open_store(seaweedfs, prefix, 120), tmp_path / "spool", make_record(1))
    patience_s = 0.5 if name in ("silence", "black-hole") else 60.0
    store = open_store(seaweedfs, prefix, 120)
    with open_writer(store, tmp_path / "spool", limits=LIMITS) as writer:
        accept(writer, make_record(2))
        endings(name)
        store._retry_s = 0.2
        store._bucket = open_store(seaweedfs, prefix, 0, patience_s)._bucket  # of the new settings
        report = finish_in_vain(writer)
        assert type(report.failure) is kind
        assert report.pending_records == 2, "the record and its ledger line"
        assert "canary" not in str(report.failure)
    with pytest.raises(kind):  # known before the first page
        open_writer(open_store(seaweedfs, prefix, 0.2, patience_s), tmp_path / "spool", "run-2")
    proxy.faults.clear()
    use(seaweedfs)
    archive(open_store(seaweedfs, prefix, 120), tmp_path / "spool", make_record(3, run_id="run-3"))
    check(seaweedfs, prefix, range(1, 4))
