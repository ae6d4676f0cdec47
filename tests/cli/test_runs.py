"""What past runs say, by the store alone: `nordcrawl runs`, `status` and `check`."""

import json
import sys
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from nordcrawl.archive.format.keys import run_key
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.cli.main import main
from nordcrawl.model.times import rfc3339
from nordcrawl.reading.runs import PastRun, past_run, run_names
from nordcrawl.report.standing import Level, Standing

NOW = datetime.now(UTC)


@pytest.fixture
def store(tmp_path):
    store = FolderStore(tmp_path / "archive")
    store.probe()
    return store


def put(store, source, began, code=0, exit_="whole", outcomes=None, minutes=5, token="00aa"):
    name = f"{began:%Y%m%dt%H%M%Sz}-{source}-{token}"
    values = {"run_id": name, "source": source, "complete": code == 0}
    if code is not None:
        values |= {
            "started_at": rfc3339(began),
            "finished_at": rfc3339(began + timedelta(minutes=minutes)),
            "exit_code": code, "exit": exit_, "why": f"because of {exit_}", "discovered": 9,
            "outcomes": {"new": 2} if outcomes is None else outcomes,
        }  # fmt: skip
    store.put(run_key(name), encode_sealed(values), content_type="application/json")
    return name


def asked(store, *arguments):
    return main([*arguments, "--archive", store.uri])


def test_runs_come_newest_first_however_old_they_are(store, capsys):
    ages = [timedelta(days=n) for n in (900, 400, 45, 20, 2, 1)]
    names = [put(store, "a", NOW - age) for age in [*ages, timedelta(hours=1)]]
    (store._root / "runs" / "notes.json").write_text("{}")
    assert [name.run_id for name in run_names(store, NOW)] == names[::-1]
    assert asked(store, "runs", "--limit", "3", "--json") == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["run_id"] for one in told] == names[:-4:-1]
    assert (told[0]["exit"], told[0]["archived"], told[0]["outcomes"]) == ("whole", 2, {"new": 2})


def test_no_more_is_read_than_it_takes(store, monkeypatch):
    for hours in range(1, 60):
        put(store, "a", NOW - timedelta(hours=hours))
    read = []
    get = store.get

    def noted(key):
        read.append(key)
        return get(key)

    monkeypatch.setattr(store, "get", noted)
    from nordcrawl.cli.standings import standings

    (one,) = standings(store, (), NOW)
    assert 23 <= one.records // 2 <= 24
    assert len(read) <= 25


def test_a_killed_run_and_a_damaged_report_are_told(store, capsys):
    put(store, "a", NOW - timedelta(hours=3), code=None)
    name = put(store, "a", NOW - timedelta(hours=2))
    file = store._root / run_key(name)
    file.chmod(0o644)
    file.write_bytes(file.read_bytes().replace(b"whole", b"whore"))
    assert asked(store, "runs") == 0
    out = capsys.readouterr().out
    assert "killed" in out
    assert "unreadable" in out
    assert asked(store, "runs", "--source", "b") == 2
    assert "its sources: none" in capsys.readouterr().err


def run_of(hours, code=0, exit_="whole", archived=1):
    at = NOW - timedelta(hours=hours)
    return PastRun("r", "a", at, at, code, exit_, code == 0, exit_, 1, {"new": archived})


@pytest.mark.parametrize(
    ("runs", "level", "says"),
    [
        ([], Level.CRITICAL, "no run is in the archive"),
        ([run_of(1)], Level.OK, "1 record in 24 h"),
        ([run_of(1, 7, "limit")], Level.OK, "limit 60 min ago"),
        ([run_of(1, 8, "nothing"), run_of(2)], Level.WARNING, "ended with nothing"),
        ([run_of(1, None, "killed"), run_of(2)], Level.WARNING, "ended with killed"),
        ([run_of(7)], Level.CRITICAL, "7 h ago; and none has begun since"),
        ([run_of(1, 10, "source_down"), run_of(9)], Level.CRITICAL, "source_down"),
        ([run_of(1, 10, "source_down")], Level.CRITICAL, "no run has done its work yet"),
    ],
)
def test_a_source_is_judged_by_its_last_run_that_did_its_work(runs, level, says):
    one = Standing("a", now=NOW)
    for run in runs:
        one.add(run)
    found, why = one.judge(timedelta(hours=6))
    assert (found, says in why.replace("1 h ago", "60 min ago")) == (level, True), why


def test_check_speaks_as_monitors_expect(store, capsys, tmp_path):
    put(store, "a", NOW - timedelta(hours=1))
    put(store, "b", NOW - timedelta(hours=9))
    put(store, "b", NOW - timedelta(hours=1), 14, "suspect", {"fetch_failed": 7})
    file = tmp_path / "nordcrawl.prom"
    assert asked(store, "check", "--source", "a") == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("NORDCRAWL OK - 1 source is fresh | 'age_a'=")
    assert line.endswith("s;;21600;0")
    assert asked(store, "check", "--max-age", "10h") == 1
    assert "ended with suspect" in capsys.readouterr().out
    assert asked(store, "check", "--prometheus", str(file)) == 2
    capsys.readouterr()
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(file.read_text())
        for sample in family.samples
    }
    assert samples["nordcrawl_archive_readable",] == 1
    assert samples["nordcrawl_source_status", "b"] == 2
    assert samples["nordcrawl_last_run_exit_code", "b"] == 14
    assert samples["nordcrawl_last_run_urls", "b", "fetch_failed"] == 7
    assert samples["nordcrawl_last_run_duration_seconds", "a"] == 300
    whole = NOW - timedelta(hours=9) + timedelta(minutes=5)
    assert samples["nordcrawl_last_done_timestamp_seconds", "b"] == whole.timestamp()
    assert asked(store, "check", "--json", "--source", "c") == 2
    told = json.loads(capsys.readouterr().out)
    assert told["sources"][0]["why"] == "no run is in the archive"
    assert (told["level"], told["exit_code"]) == ("critical", 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--archive", "/no/such/folder"],
        ["--archive", "ftp://example.org/x"],
        ["--max-age", "soon"],
        ["--what"],
        ["--prometheus", "/no/such/folder/x.prom"],
    ],
)
def test_what_can_not_be_told_is_unknown_to_monitors(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("NORDCRAWL_ARCHIVE", str(tmp_path / "nowhere"))
    assert main(["check", *arguments]) == 3
    told = capsys.readouterr()
    assert "NORDCRAWL UNKNOWN - " in told.out + told.err


def test_an_archive_that_can_not_be_read_leaves_metrics_that_say_so(tmp_path, capsys):
    file = tmp_path / "nordcrawl.prom"
    arguments = ["--archive", str(tmp_path / "nowhere"), "--prometheus", str(file)]
    assert main(["check", *arguments]) == 3
    assert "\nnordcrawl_archive_readable 0.0\n" in file.read_text()
    assert "last_run" not in [line for line in file.read_text().splitlines() if "#" not in line]


def test_without_prometheus_client_the_extra_is_named(store, tmp_path, capsys, monkeypatch):
    put(store, "a", NOW - timedelta(hours=1))
    monkeypatch.setitem(sys.modules, "prometheus_client", None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "nordcrawl.report.metrics", raising=False)
    assert asked(store, "check", "--prometheus", str(tmp_path / "nordcrawl.prom")) == 3
    told = capsys.readouterr()
    assert "pip install 'nordcrawl[metrics]'" in told.out + told.err
    assert asked(store, "check") == 0


def test_status_says_in_ten_lines_how_each_source_stands(store, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for number in range(20):
        put(store, f"paper{number:02}", NOW - timedelta(hours=1 + number // 18 * 30))
    assert asked(store, "status") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert max(map(len, lines)) <= 80
    assert [line.split()[:2] for line in lines[1:3]] == [
        ["critical", "paper18"], ["critical", "paper19"],
    ]  # fmt: skip
    assert lines[-1] == "20 sources, the worst is critical; 12 more, see --json"
    assert asked(store, "status", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["sources"]) == 20


def test_a_run_shows_in_all_three(paper, job, capsys):
    paper.publish("/news/a", "A story")
    crawl = job()
    assert crawl.crawl().code == 0
    archive = ["--archive", str(crawl.archive)]
    assert main(["check", *archive]) == 0
    assert main(["runs", "--json", *archive]) == 0
    told = capsys.readouterr().out
    report = crawl.report()
    assert report["run_id"] in told
    assert report["why"] in told
    assert "NORDCRAWL OK - 1 source is fresh" in told
    (name,) = run_names(FolderStore(crawl.archive), NOW)
    past = past_run(FolderStore(crawl.archive), name)
    assert past is not None
    assert (past.source, past.archived, past.complete) == ("paper", 1, True)
