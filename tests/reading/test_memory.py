"""Reading takes no more memory for a large archive than for a small one."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.write.limits import Limits
from tests.support.archive_builders import accept, make_record, open_writer

RECORDS = 1500
MOST_MIB = 200
#: pyarrow is 30 of it; pandas, which it loads where there is one (here: for the tests), is 50.
MOST_MIB_PARQUET = 320

MEASURED = """
import re, sys
from nordcrawl.cli.main import main
code = main(sys.argv[1:])
# Not getrusage: its peak has that of the process which started this one in it.
status = open("/proc/self/status").read()
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) // 1024, file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 MiB of lines that gzip to a third: words by chance, of a vocabulary like a paper's."""
    folder = tmp_path_factory.mktemp("large")
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnoprstuvyæøå", k=7)) for _ in range(20_000)]
    store = open_store(str(folder / "archive"))
    limits = Limits(group_s=0.0, free_bytes=0)
    with open_writer(store, folder / "spool", limits=limits) as writer:
        for first in range(0, RECORDS, 50):
            records = (
                make_record(number, text=" ".join(chance.choices(words, k=12_000)))
                for number in range(first + 1, first + 51)
            )
            accept(writer, *records)
        assert writer.finish(deadline_s=120).failure is None
    return folder


def read(large: Path, *arguments: str) -> tuple[int, int]:
    """Return peak memory in MiB and the bytes that were written."""
    done = subprocess.run(
        [
            *(sys.executable, "-c", MEASURED, "read", "--archive", str(large / "archive")),
            *("--output", str(large / "out"), *arguments),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith("NORDCRAWL_")},
    )
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1]), (large / "out").stat().st_size


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--latest"],
        ["--text", "xyzzy"],
        ["--format", "csv"],
        ["--format", "parquet"],
        ["--latest", "--format", "parquet"],
        ["--format", "table"],
    ],
    ids=" ".join,
)
def test_memory_is_bounded(large: Path, arguments: list[str]) -> None:
    peak, written = read(large, *arguments)
    print(json.dumps({"arguments": arguments, "peak_mib": peak, "written": written}))
    assert peak < (MOST_MIB_PARQUET if "parquet" in arguments else MOST_MIB)
    if arguments == []:
        assert written > 290 << 20
