"""What a test starts ends with the process that runs the test, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import s3_servers as servers
from tests.support.processes import is_there
from tests.support.suite_parts import SERVERS
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it is Linux that ends them")

ROOT = Path(__file__).parents[2]
#: In a session of its own, as Swift's servers are, and deaf to all but SIGKILL.
DEAF = """
import os, signal
if os.getsid(0) != os.getpid():
    os.setsid()
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
print(os.getpid(), flush=True)
while True:
    signal.pause()
"""
#: Tests, as it were: each says what it has started, once that is up, and waits.
BEGIN = """
import signal, sys
from pathlib import Path
from tests.support import jobs, s3_servers, waiting
folder, deaf = Path(sys.argv[1]), [sys.executable, "-c", sys.argv[2]]
"""
SERVER = """
daemons = s3_servers.Daemons([deaf], {}, folder)
daemons.start()
log = folder / "server.log"
waiting.until(lambda: log.read_text().endswith("\\n"), "it is up")
print(log.read_text().strip(), flush=True)
signal.pause()
"""
JOB = """
class Job(jobs.Job):
    def command(self, *arguments):
        return deaf
process = Job(folder, "").start()
print(process.stdout.readline().strip(), flush=True)
signal.pause()
"""
STORE = """
with s3_servers.{}(folder) as server:
    print(*(process.pid for process in server.daemons.processes), flush=True)
    signal.pause()
"""


def ends_with_the_test(script: str, folder: Path) -> None:
    """Run a test until it has started something, kill it, and wait until that has gone."""
    command = [sys.executable, "-c", BEGIN + script, str(folder), DEAF]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE) as test:
        assert test.stdout is not None
        started = [int(pid) for pid in test.stdout.readline().split()]
        there = [is_there(pid) for pid in started]
        test.kill()
    try:
        assert started
        assert all(there)
        until(lambda: not any(map(is_there, started)), "what it had started is gone", limit_s=60)
    finally:
        for pid in started:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("script", [SERVER, JOB], ids=["server", "job"])
def test_who_hears_nothing_ends_with_a_killed_test(script: str, tmp_path: Path) -> None:
    ends_with_the_test(script, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SERVERS)
def test_a_store_ends_with_a_killed_test(kind: str, tmp_path: Path) -> None:
    program = {"seaweedfs": "weed", "juicefs": "juicefs", "swift": "swift-proxy-server"}
    if servers.binary(program[kind]) is None:
        pytest.skip(f"{kind} is not installed")
    if kind == "swift" and not servers.keeps_attributes(tmp_path):
        pytest.skip(f"files in {tmp_path} can't have extended attributes, which Swift needs")
    ends_with_the_test(STORE.format(kind), tmp_path)
