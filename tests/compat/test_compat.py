"""What earlier versions wrote is read today, and what today's writes, earlier readers may trust.

Samples and whole archives are kept as the named version wrote them (`nordcrawl demo`), and never
changed. A release that adds a field adds its own: `article-1/<version>.jsonl`, the schemas
`schema-<version>.json`, and an archive if its layout is new. Nothing is ever taken away.
"""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nordcrawl import Archive
from nordcrawl.archive.format.lines import encode_json, unpack
from nordcrawl.archive.format.schema_file import schema
from nordcrawl.demo.site import DemoSite
from nordcrawl.model.ledger import Outcome
from tests.support.archive_builders import make_entry, make_record
from tests.support.in_process import LocalJob

HERE = Path(__file__).parent
SAMPLES = sorted(HERE.glob("*-1/*.jsonl"))
SCHEMAS = sorted(HERE.glob("*-1/schema-*.json"))
ARCHIVES = sorted(HERE.glob("archive-*"))


def validator(name: str) -> Any:
    return jsonschema_rs.validator_for(schema(name), validate_formats=True)


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", SAMPLES, ids=named)
def test_every_stored_line_is_valid_today(path: Path) -> None:
    valid = validator(path.parent.name)
    lines = path.read_bytes().split(b"\n")[:-1]
    assert len(lines) >= 6
    for line in lines:
        valid.validate(json.loads(line))
        # Bytes too: what is written today is what is compared, hashed and read by others.
        assert encode_json(json.loads(line)) == line + b"\n"


@pytest.mark.parametrize("path", SCHEMAS, ids=named)
def test_the_schema_only_adds(path: Path) -> None:
    before = json.loads(path.read_bytes())
    assert list(narrowed(before, schema(path.parent.name))) == []


def narrowed(before: Any, now: Any, at: str = "") -> Iterator[str]:
    """Yield what a newer schema takes away or refuses of an older one."""
    told = {"description", "title", "$id", "$schema"}
    for key in now.keys() - before.keys() - told:
        yield f"{at}: {key} is a new condition"
    for key, value in before.items():
        new = now.get(key)
        if key in told:
            continue
        if key == "properties":
            for name, node in value.items():
                if name not in new:
                    yield f"{at}.{name}: gone"
                else:
                    yield from narrowed(node, new[name], f"{at}.{name}")
        elif key == "required":
            if added := set(new) - set(value):
                # A key may be required from the version on that always writes it, but then the
                # lines of before would be no longer valid.
                yield f"{at}: newly required {sorted(added)}"
            if removed := set(value) - set(new):
                yield f"{at}: no longer promised {sorted(removed)}"
        elif key == "type":
            old, today = ({value} if isinstance(value, str) else set(value)), new
            today = {today} if isinstance(today, str) else set(today or ())
            if old != today:
                yield f"{at}: type {sorted(old)} is now {sorted(today)}"
        elif isinstance(value, dict):
            yield from narrowed(value, new if isinstance(new, dict) else {}, f"{at}.{key}")
        elif value != new:
            yield f"{at}: {key} {value!r} is now {new!r}"


CHANGES = {
    "gone": lambda s: s["properties"].pop("kicker"),
    "type ['null', 'string'] is now ['string']": lambda s: s["properties"]["title"].update(
        type="string"
    ),
    "type ['integer'] is now": lambda s: s["properties"]["revision"].update(type="string"),
    "newly required ['later']": lambda s: s["required"].append("later"),
    "no longer promised ['tags']": lambda s: s["required"].remove("tags"),
    "is now False": lambda s: s.update(additionalProperties=False),
    "is a new condition": lambda s: s["properties"]["title"].update(maxLength=3),
    ".fetch.status: gone": lambda s: s["properties"]["fetch"]["properties"].pop("status"),
    ".blocks.items: newly required": lambda s: s["properties"]["blocks"]["items"][
        "required"
    ].append("level"),
}


@pytest.mark.parametrize("said", CHANGES)
def test_a_narrower_schema_would_be_seen(said: str) -> None:
    before = schema("article-1")
    now = copy.deepcopy(before)
    CHANGES[said](now)
    assert any(said in problem for problem in narrowed(before, now)), [*narrowed(before, now)]
    now = copy.deepcopy(before)
    now["properties"]["later"] = {"type": "string"}
    assert [*narrowed(before, now)] == []


@pytest.mark.parametrize("root", ARCHIVES, ids=lambda path: path.name)
def test_an_old_archive_is_read_completely(root: Path, tmp_path: Path) -> None:
    found = Archive(root)
    revisions, latest = [*found.articles(latest=False)], [*found.articles()]
    assert (len(revisions), len(latest)) == (33, 32)
    assert len({r["article_id"] for r in latest}) == 32
    assert [r["article_id"] for r in latest if r["revision"] == 2] == ["highnorthnews:1117230"]
    ledger = [*found.ledger()]
    outcomes = [line["outcome"] for line in ledger]
    assert (len(ledger), outcomes.count("new"), outcomes.count("updated")) == (72, 32, 1)
    changes = found.changes()
    assert [*changes] == revisions
    assert [*found.changes(changes.cursor)] == []
    valid = {kind: validator(f"{kind}-1") for kind in ("article", "ledger")}
    for file in found.files():
        lines = gzip.decompress(Path(file.location).read_bytes()).split(b"\n")[:-1]
        assert len(lines) == file.records
        for line in lines:
            valid[file.kind].validate(json.loads(line))
    done = LocalJob(tmp_path, "x", {"NORDCRAWL_ARCHIVE": str(root)}).nordcrawl("read")
    assert done.code == 0, done.text
    raw = [
        line
        for file in sorted(root.glob("articles-v1/*/*/*.gz"))
        for line in gzip.decompress(file.read_bytes()).decode().split("\n")[:-1]
    ]
    assert done.out.split("\n")[:-1] == raw
    assert changes.cursor in done.err


@pytest.mark.parametrize("path", SAMPLES, ids=named)
def test_todays_types_hold_every_stored_key(path: Path) -> None:
    known = schema(path.parent.name)["properties"].keys()
    for line in path.read_bytes().split(b"\n")[:-1]:
        assert json.loads(line).keys() <= known


@pytest.mark.slow
def test_every_line_of_a_crawl_is_valid(tmp_path: Path) -> None:
    with DemoSite() as site:
        job = LocalJob(tmp_path, "highnorthnews", {"NORDCRAWL_HOSTS": site.host_map})
        assert job.crawl("-s", "LOG_LEVEL=WARNING").code == 0
        site.publish_changes()
        assert job.crawl("-s", "LOG_LEVEL=WARNING").code == 0
    counts = {"article": 0, "ledger": 0}
    valid = {kind: validator(f"{kind}-1") for kind in counts}
    for file in Archive(job.archive).files():
        for line in unpack(Path(file.location).read_bytes()):
            valid[file.kind].validate(json.loads(line))
            counts[file.kind] += 1
    assert counts == {"article": 33, "ledger": 39}


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(deadline=None)
@given(
    st.integers(1, 10**9),
    TEXT.filter(bool),
    st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1)),  # noqa: DTZ001
    st.sampled_from([*Outcome]),
    TEXT,
)
def test_every_line_that_can_be_made_is_valid(
    number: int, text: str, at: datetime, outcome: Outcome, reason: str
) -> None:
    record = make_record(number, revision=number, text=text, at=at)
    validator("article-1").validate(json.loads(encode_json(record.to_json())))
    for entry in (make_entry(record), make_entry(number=1, outcome=outcome, reason=reason, at=at)):
        validator("ledger-1").validate(json.loads(encode_json(entry.to_json())))
