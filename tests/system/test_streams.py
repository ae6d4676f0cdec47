"""Standard output and error that are full, closed, or of another encoding."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nordcrawl.archive.store.address import open_store
from nordcrawl.system import streams
from tests.support.archive_builders import SOURCE, archive, make_record
from tests.support.processes import descendants
from tests.support.waiting import until

#: Runs each command in a fork of its own, so that only the first pays for the imports; the exit
#: status is that of a Python which ends as it always does.
EACH = """
import gc, importlib, json, os, sys
from pathlib import Path
import nordcrawl.cli.main, nordcrawl.config.options
for name in ("doctor", "erase", "files", "history", "read", "schema", "ship", "sources", "verify",
             "compact", "extract"):
    importlib.import_module(f"nordcrawl.cli.{name}")
gc.freeze()
folder = Path(sys.argv[1])
for number, (how, *arguments) in enumerate(json.loads(sys.argv[2])):
    pid = os.fork()
    if not pid:
        err = os.open(folder / f"{number}.err", os.O_WRONLY | os.O_CREAT)
        os.dup2(err, 2)
        if how == "closed":
            os.close(1)
            sys.stdout = None
        elif how == "unread":
            read, write = os.pipe()
            os.close(read)
            os.dup2(write, 1)
        elif how == "all full":
            os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
            os.dup2(1, 2)
        elif how == "ascii":
            sys.stdout.reconfigure(encoding="ascii")
            os.dup2(os.open(folder / f"{number}.out", os.O_WRONLY | os.O_CREAT), 1)
        else:
            os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
        sys.exit(nordcrawl.cli.main.main(arguments))
    status = os.waitpid(pid, 0)[1]
    (folder / f"{number}.code").write_text(str(os.waitstatus_to_exitcode(status)))
"""

ARTICLE = f"{SOURCE}:1"
TELLING = (
    ["files"], ["read"], ["read", "--format", "table", "--latest"], ["schema"], ["sources"],
    ["verify"], ["doctor"], ["history", ARTICLE], ["erase", "--article", ARTICLE], ["--help"],
    ["--version"], ["extract", "page.html"],
)  # fmt: skip
CASES = (
    *(("full", *command) for command in TELLING),
    *(("closed", *command) for command in (["files"], ["read"], ["sources"], ["--version"])),
    *(("unread", *command) for command in (["read"], ["schema"], ["verify"], ["--help"])),
    *(("all full", *command) for command in (["files"], ["read"], ["nosuch"])),
    ("ascii", "read"), ("ascii", "history", ARTICLE),
    ("ascii", "history", ARTICLE, "--format", "json"),
    # What is no result of a command is nobody's to fail for.
    ("closed", "read", "--output", "out.jsonl"), ("full", "nosuch"),
    ("full", "history", "no:such"),
)  # fmt: skip


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    folder = tmp_path_factory.mktemp("streams")
    archive(open_store(str(folder / "archive")), folder / "spool", make_record(1))
    page = "<html><body><article><h1>Åpning</h1>" + "<p>Havna åpnet i går kveld. </p>" * 40
    (folder / "page.html").write_text(f"{page}</article></body></html>", encoding="utf-8")
    environment = bare(folder) | {"NORDCRAWL_ARCHIVE": str(folder / "archive")}
    done = subprocess.run(
        [sys.executable, "-c", EACH, str(folder), json.dumps(CASES)],
        env=environment, cwd=folder, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {
        case: (
            int((folder / f"{number}.code").read_text()),
            (folder / f"{number}.err").read_text(),
            folder / f"{number}.out",
        )
        for number, case in enumerate(CASES)
    }


def bare(folder):
    """An environment such as cron gives."""
    return {"PATH": "/usr/bin:/bin", "LANG": "C", "NORDCRAWL_STATE_DIR": str(folder / "state")}


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_a_result_that_cannot_be_written_is_an_error_of_one_line(ended, case):
    how, *command = case
    code, err, out = ended[case]
    assert "Traceback" not in err
    if command in (["nosuch"], ["history", "no:such"]):
        assert code == 2
    elif "--output" in command or how in ("unread", "ascii"):
        assert code == (5 if command == ["verify"] else 0), err  # its own: no run has ended there
    else:
        assert code == 1, err
    if how in ("full", "closed") and code == 1:
        (line,) = [line for line in err.splitlines() if not line.startswith("cursor")]
        assert line.startswith("nordcrawl: error: can't write standard output: ")
    if how == "ascii":
        text = out.read_bytes().decode("utf-8" if command == ["read"] else "ascii")
        assert "\\xe5" not in text
        if command != ["history", ARTICLE]:
            assert json.loads(text.split("\n")[0])


def test_what_an_encoding_lacks_is_written_as_json_writes_it():
    text = 'å "\U0001f9ca" \ud800'
    written = json.dumps(text, ensure_ascii=False).encode("ascii", streams.ESCAPED)
    assert json.loads(written) == text
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", streams.ESCAPED)


def test_a_crawl_that_can_tell_nobody_archives_all_the_same(paper, job):
    """Standard output is closed, standard error is full, and nothing is known of a terminal."""
    for n in range(6):
        paper.publish(f"/news/{n}", f"Isen på havna {n}", delay_s=0.2)
    crawl = job()
    process = subprocess.Popen(
        ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>/dev/full', "sh", *crawl.command()],
        env=bare(crawl.folder) | crawl.settings | {"SCRAPY_SETTINGS_MODULE": "nordcrawl.settings"},
        cwd=crawl.folder,
    )  # fmt: skip
    # Between fork and redirection the shell has the streams of this test; then Python first
    # opens folders, which get the lowest number that is free.
    until(
        lambda: (
            {"/dev/null", "/dev/full"} <= {*standard(process.pid)} or process.poll() is not None
        ),
        "the command to have its streams",
    )
    seen = set()
    while process.poll() is None:
        seen |= {link for pid in (process.pid, *family(process.pid)) for link in standard(pid)}
        time.sleep(0.05)
    assert process.returncode == 0
    assert crawl.report()["outcomes"] == {"new": 6}
    assert len(crawl.records()) == 6
    # Neither a socket nor the spool ever had the number of a standard stream.
    assert seen <= {"/dev/null", "/dev/full"}


def family(pid):
    try:
        return descendants(pid)
    except OSError:
        return []


def standard(pid):
    """Yield where the standard output and error of a process that runs our code lead."""
    try:
        if "nordcrawl" not in Path(f"/proc/{pid}/maps").read_text() + Path(
            f"/proc/{pid}/cmdline"
        ).read_text().replace("\0", " "):
            return
        links = [str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in (1, 2)]
    except OSError:
        return
    yield from links


@pytest.mark.slow
def test_a_summary_that_cannot_be_written_is_told_and_changes_no_code(paper, job):
    paper.publish("/news/1", "Isen på havna")
    crawl = job()
    with (crawl.folder / "err").open("wb") as err, Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            crawl.command(),
            env=bare(crawl.folder)
            | crawl.settings
            | {"SCRAPY_SETTINGS_MODULE": "nordcrawl.settings", "PYTHONIOENCODING": "ascii"},
            cwd=crawl.folder, stdout=full, stderr=err, timeout=200, check=False,
        )  # fmt: skip
    assert done.returncode == 0
    told = (crawl.folder / "err").read_text("ascii")
    assert "the summary could not be written: No space left on device" in told
    assert "Traceback" not in told
    assert r"Isen p\u00e5 havna" in told
