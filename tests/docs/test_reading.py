"""docs/reading.md can't rot: its blocks are run, section by section, as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.support import s3_servers as servers

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")
SAMPLE = ROOT / "tests" / "compat" / "archive-0.1.0"


@dataclass(frozen=True)
class Block:
    section: str
    language: str
    code: str
    note: str
    """Of the comment before it."""

    @property
    def told(self) -> list[str]:
        """What it is said to print: the comments behind ``print`` and behind ``wc``, ``length``."""
        if self.language == "python":
            return re.findall(r"print\(.*\)  +# (.+)$", self.code, re.MULTILINE)
        return re.findall(r"^.*(?:wc -l|length').*?  # ?(.+)$", self.code, re.MULTILINE)


def blocks() -> Iterator[Block]:
    pattern = re.compile(r"^(?:<!-- ([^\n]+) -->\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for part in re.split(r"^## ", TEXT, flags=re.MULTILINE):
        section = part.partition("\n")[0].lstrip("# ")
        for note, language, code in pattern.findall(part):
            yield Block(section, language, code, note)


BLOCKS = [*blocks()]
HAND = ("by hand", "not run")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample archive, and what earlier blocks of the document have left."""
    folder = tmp_path_factory.mktemp("reading")
    shutil.copytree(SAMPLE, folder / "archive")
    return folder


@pytest.fixture(scope="module")
def bucket(seaweedfs: servers.S3Server) -> dict[str, str]:
    client = seaweedfs.client()
    for path in SAMPLE.rglob("*"):
        if path.is_file():
            key = f"news/{path.relative_to(SAMPLE).as_posix()}"
            client.put_object(Bucket=seaweedfs.bucket, Key=key, Body=path.read_bytes())
    return seaweedfs.environment() | {"BUCKET": seaweedfs.bucket}


def environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NORDCRAWL_", "AWS_"))}
    return kept | {
        "NORDCRAWL_ARCHIVE": "archive",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_CACHE": str(folder / "hf"),
        "HF_HOME": str(folder / "hf"),
    }


@pytest.mark.parametrize(
    "block", BLOCKS, ids=[f"{n}-{b.section}-{b.language}" for n, b in enumerate(BLOCKS)]
)
def test_a_block_does_what_it_says(
    block: Block, folder: Path, request: pytest.FixtureRequest
) -> None:
    if block.note.startswith(HAND):
        pytest.skip(block.note)
    code, variables = block.code, environment(folder)
    if block.note == "on s3":
        variables |= request.getfixturevalue("bucket")
        assert "s3://bucket/news" in code
        code = code.replace("s3://bucket/news", f"s3://{variables['BUCKET']}/news")
    if "jq " in code and not (shutil.which("jq") and shutil.which("zcat")):
        pytest.skip("jq or zcat is not on this machine")
    if block.language == "sql":
        code = code.replace("'archive/", f"'{folder}/archive/")
        assert sum(n for *_, n in duckdb.connect().execute(code).fetchall()) == 33
        return
    command = {
        "python": [sys.executable, "-c", code],
        "sh": ["/bin/bash", "-euo", "pipefail", "-c", code],
    }[block.language]
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.split("\n")[:-1]
    if block.section == "Command line":
        assert "32 articles" in printed
        printed = [line for line in printed if line.strip().isdigit()]
    if block.section == "Python":
        assert len(printed) > 3
        printed = printed[-2:]
    assert [line.strip() for line in printed] == block.told


def test_every_tool_has_a_block_that_is_run() -> None:
    run = {block.section for block in BLOCKS if not block.note.startswith(HAND)}
    assert {
        "Command line", "Python", "zcat and jq", "DuckDB", "Polars", "pandas", "pyarrow",
        "Hugging Face datasets",
    } <= run  # fmt: skip
    assert sum(block.note == "on s3" for block in BLOCKS) == 3
    assert sum(len(block.told) for block in BLOCKS) >= 14


def test_blocks_are_short() -> None:
    for block in BLOCKS:
        lines = [line for line in block.code.splitlines() if not re.match(r"(from|import) ", line)]
        assert len([line for line in lines if line.strip()]) <= 10, block.section
        assert all(len(line) <= 104 for line in lines), block.section
