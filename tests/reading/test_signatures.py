"""``nordcrawl signatures``, and the SQL that finds near duplicates by what it writes."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from nordcrawl.archive.keep.erase import put_order
from nordcrawl.archive.keep.erase_plan import plan_erasure
from nordcrawl.archive.local.neighbours import MOST
from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.cli.main import main
from nordcrawl.errors import ArchiveDamaged
from nordcrawl.model import signature as near
from nordcrawl.model.ledger import LedgerEntry, Outcome
from nordcrawl.model.record import Record
from nordcrawl.reading.parquet import write_signatures
from nordcrawl.reading.signatures import Counts, Signed, signed
from tests.support.archive_builders import (
    SOURCE,
    START,
    make_entry,
    make_record,
    open_writer,
    url_of,
)
from tests.support.jobs import Job

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SQL = (DOCS / "examples" / "near_duplicates.sql").read_text(encoding="utf-8")
WORDS = [f"{a}{b}" for a in ("havn", "ferje", "råd", "sápmi", "vær") for b in "abcdefghijklmnopqrs"]


def words(chance: random.Random, count: int) -> list[str]:
    return [chance.choice(WORDS) for _ in range(count)]


def edited(text: list[str], chance: random.Random, share: float) -> list[str]:
    return [chance.choice(WORDS) if chance.random() < share else word for word in text]


def corpus() -> list[tuple[str, str]]:
    """Ids and texts: stories with others near them, at all strengths; short ones, of which many
    bins are empty; forms, which more articles share bands with than are compared; one text that
    hundreds have."""
    chance = random.Random(8)
    texts: dict[str, list[str]] = {}
    for number in range(60):
        story = words(chance, chance.choice((40, 90, 300, 800)))
        texts[f"a:{number}"] = story
        for at in range(chance.randrange(4)):
            texts[f"b:{number}-{at}"] = edited(story, chance, chance.choice((0, 0.02, 0.1, 0.25)))
        texts[f"c:{number}"] = edited(story, chance, 0.15)  # about as near as is near
    for number in range(50):
        texts[f"short:{number}"] = words(chance, near.MIN_WORDS + number % 5)
        texts[f"cut:{number}"] = [*texts[f"short:{number}"][:-1], "slutt", "her"]
    form = words(chance, 120)
    for number in range(MOST + 10):
        texts[f"form:{number}"] = [*form, *words(chance, 60)]
    copy = words(chance, 200)
    for number in range(MOST + 1):
        texts[f"copy:{number}"] = copy
    ids = [*texts]
    chance.shuffle(ids)
    return [(name, " ".join(texts[name])) for name in ids]


def rows(texts: Iterable[tuple[str, str]]) -> list[Signed]:
    found = [(name, text, near.signature(text)) for name, text in texts]
    return [
        Signed("a", name, 1, f"https://a.test/{name}", "nb", START, name, text, signature)
        for name, text, signature in found
        if signature is not None
    ]


def components(edges: Iterable[tuple[str, str]]) -> set[frozenset[str]]:
    of: dict[str, set[str]] = {}
    for one, other in edges:
        both = of.get(one, {one}) | of.get(other, {other})
        of |= dict.fromkeys(both, both)
    return {frozenset(group) for group in of.values()}


def test_the_sql_finds_what_comparing_all_with_all_finds(tmp_path: Path) -> None:
    signatures = rows(corpus())
    with (tmp_path / "signatures.parquet").open("wb") as out:
        write_signatures(signatures, out)
    db = duckdb.connect()
    db.execute(f"CREATE VIEW signature AS FROM '{tmp_path}/signatures.parquet'")
    db.execute(SQL)

    having = Counter(band for row in signatures for band in near.bands(row.near))
    too_many = {band: count for band, count in having.items() if count > MOST}
    assert dict(db.execute("FROM left_out").fetchall()) == too_many
    bands = {row.article_id: {*near.bands(row.near)} - too_many.keys() for row in signatures}
    compared, expected = 0, {}
    for one, other in combinations(sorted(signatures, key=lambda row: row.article_id), 2):
        if bands[one.article_id].isdisjoint(bands[other.article_id]):
            continue
        compared += 1
        similarity = near.similarity(one.near, other.near)
        if similarity >= near.THRESHOLD:
            expected[one.article_id, other.article_id] = similarity
    found = db.execute("FROM near_pair").fetchall()
    assert {(one, other): similarity for one, other, similarity in found} == expected
    assert len(found) == len(expected)
    assert db.execute("SELECT count(*) FROM candidate").fetchone() == (compared,)

    by_text: defaultdict[str, list[str]] = defaultdict(list)
    for row in signatures:
        by_text[row.text_sha256].append(row.article_id)
    same = [(ids[0], other) for ids in by_text.values() for other in ids[1:]]
    clusters: defaultdict[str, set[str]] = defaultdict(set)
    for cluster, article, count in db.execute("FROM near_cluster").fetchall():
        clusters[cluster].add(article)
        assert count <= len(signatures)
    assert {frozenset(group) for group in clusters.values()} == components([*expected, *same])
    assert all(min(group) == cluster for cluster, group in clusters.items())

    # What is to be told apart is there.
    kinds = {tuple(sorted(name.partition(":")[0] for name in pair)) for pair in expected}
    assert {("a", "b"), ("b", "b"), ("cut", "short")} <= kinds
    assert compared > len(expected) > 100
    assert near.THRESHOLD <= min(expected.values()) < near.THRESHOLD + 0.01
    assert len(too_many) >= near.BANDS
    assert ("copy", "copy") not in kinds
    assert max(map(len, clusters.values())) >= MOST + 1
    short = [near.bins(row.near) for row in signatures if row.article_id.startswith("short")]
    assert all(bins.count(near.EMPTY) > near.BINS / 2 for bins in short)


def test_a_long_chain_is_one_cluster() -> None:
    db = duckdb.connect()
    db.execute(
        "CREATE TABLE near AS SELECT range + 1 AS one, range + 2 AS other, 0.5 AS similarity"
        " FROM range(40) WHERE range <> 20"
    )
    db.execute(
        "CREATE TABLE article AS SELECT range + 1 AS n, format('a:{:02d}', range + 1) AS"
        " article_id, article_id AS text_sha256 FROM range(41)"
    )
    clustering = SQL[SQL.index("-- The very same text") :]
    db.execute(clustering)
    told = db.execute(
        "SELECT cluster_id, max(articles), count(*) FROM near_cluster GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert told == [("a:01", 21, 21), ("a:22", 20, 20)]


def text(number: int, count: int = 200) -> str:
    return " ".join(words(random.Random(number), count))


def entry_of(record: Record, **more: Any) -> LedgerEntry:
    """The ledger line of a record as a crawl writes it: with signature and digests of fields."""
    entry = make_entry(record, source=record.source)
    assert entry.article is not None
    reading = record.reading
    told = {"near": reading.signature, "fields": reading.fields, "language": "nb"} | more
    return replace(entry, article=replace(entry.article, **told))


def put(store: Store, folder: Path, *lines: tuple[LedgerEntry, Record | None]) -> None:
    """Runs of the lines' source, one a line."""
    for entry, record in lines:
        with open_writer(store, folder / entry.source, source=entry.source) as writer:
            writer.accept(entry, record).result(timeout=300)
            assert writer.finish(deadline_s=300).failure is None


@pytest.fixture
def told(store: Store, tmp_path: Path) -> Store:
    """Two sources: an article with a later revision; one that was taken down; one that is short;
    one that an order covers; one that is held; one archived by nordcrawl 0.1."""
    day = timedelta(days=1)
    records = [
        make_record(1, text=text(1)),
        make_record(1, revision=2, change="updated", at=START + day, text=text(2)),
        make_record(2, text=text(1)),
        make_record(3, text="Kort."),
        make_record(4, text=text(4)),
        make_record(5, text=text(5), source="other"),
        make_record(6, text=text(6)),
    ]
    removed = make_record(2, revision=2, change="removed", at=START + day)
    gone = entry_of(removed, near=near.signature(text(1)), gone=True)
    old = entry_of(records[-1], near=None, fields={})
    held = make_entry(number=7, outcome=Outcome.QUARANTINED, article_id=f"{SOURCE}:7")
    lines: list[tuple[LedgerEntry, Record | None]] = [(entry_of(r), r) for r in records[:-1]]
    put(store, tmp_path, *lines, (gone, removed), (old, records[-1]), (held, None))
    put_order(store, plan_erasure(store, [], [f"{SOURCE}:4"]).order("", START + day))
    return store


def test_the_table_has_each_article_as_it_is_now(told: Store, a_job: Job, tmp_path: Path) -> None:
    done = a_job.nordcrawl("signatures", "--output", "s.parquet")
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines() == [
        "nordcrawl: signatures of 2 articles",
        "nordcrawl: left out: 1 article, the text too short for a signature (fewer than 30 words)",
        "nordcrawl: left out: 1 article, archived by nordcrawl 0.1, which made no signatures, and "
        "not changed since",
    ]
    table = pq.read_table(tmp_path / "s.parquet")
    record = make_record(1, revision=2, text=text(2))
    signature = record.reading.signature
    assert signature is not None
    first, second = table.to_pylist()
    assert first == {
        "source": SOURCE,
        "article_id": f"{SOURCE}:1",
        "revision": 2,
        "url": url_of(1),
        "language": "nb",
        "published_at": START,
        "title": "Tittel 1",
        "text_sha256": record.article.text_sha256,
        "bins": [*near.bins(signature)],
        "bands": [*near.bands(signature)],
    }
    assert (second["source"], second["article_id"]) == ("other", "other:5")
    assert [str(table.schema.field(name).type) for name in ("bins", "bands")] == [
        "list<element: uint16>",
        "list<element: int64>",
    ]
    chosen = a_job.nordcrawl("signatures", "other", "--output", "s.parquet")
    assert chosen.err == "nordcrawl: signatures of 1 article\n"
    assert pq.read_table(tmp_path / "s.parquet").column("article_id").to_pylist() == ["other:5"]


def test_what_was_erased_stays_out(told: Store, a_job: Job, tmp_path: Path) -> None:
    assert a_job.nordcrawl("erase", "--article", "other:5", "--execute").code == 0
    assert a_job.nordcrawl("signatures", "--output", "s.parquet").code == 0
    assert pq.read_table(tmp_path / "s.parquet").column("article_id").to_pylist() == ["example:1"]


def test_a_damaged_ledger_leaves_no_file(told: Store, root: Path, a_job: Job) -> None:
    part = max(root.glob("ledger-v1/source=other/*/*.gz"))
    part.chmod(0o600)
    part.write_bytes(part.read_bytes()[:-9])
    done = a_job.nordcrawl("signatures", "--output", "s.parquet")
    assert done.code == 13
    assert not (a_job.folder / "s.parquet").exists()


def test_mistakes_are_told(
    told: Store, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = ["--archive", str(root), "--output", str(tmp_path / "s.parquet")]
    assert main(["signatures", "nosuch", *out]) == 2
    assert "nothing of 'nosuch'; its sources: example, other" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as if it were not installed
    for name in ("arrow", "parquet"):
        monkeypatch.delitem(sys.modules, f"nordcrawl.reading.{name}", raising=False)
    assert main(["signatures", *out]) == 2
    assert capsys.readouterr().err == (
        "nordcrawl: error: nordcrawl signatures needs pyarrow: pip install 'nordcrawl[parquet]'\n"
    )


def test_lines_of_many_writers_give_the_same_in_any_order() -> None:
    day = timedelta(days=1)
    second = entry_of(make_record(1, revision=2, text=text(2), at=START + day))
    lines = [
        entry_of(make_record(1, text=text(1))),
        second,
        entry_of(make_record(1, revision=2, text=text(3), at=START + 2 * day)),
        make_entry(number=1, outcome=Outcome.UNCHANGED, at=START + 3 * day),
        # Another version reads the same: the line is later, the revision is not.
        replace(second, at=START + 9 * day),
    ]
    chance = random.Random(1)
    for _ in range(20):
        chance.shuffle(lines)
        counts = Counts()
        (found,) = signed(SOURCE, lines, counts)
        assert (found.revision, found.near) == (2, make_record(1, text=text(3)).reading.signature)
        assert counts == Counts(signed=1)


def test_a_signature_of_a_later_version_is_named(tmp_path: Path) -> None:
    unknown = replace(rows([("a:1", text(1))])[0], near="m2:abc")
    with (
        pytest.raises(ArchiveDamaged, match="a:1: no signature of a version that is known"),
        (tmp_path / "s.parquet").open("wb") as out,
    ):
        write_signatures([unknown], out)


def test_the_docs_show_what_runs(tmp_path: Path) -> None:
    """The blocks of docs/near-duplicates.md, against an archive with two pairs and a third text."""
    store = open_store(str(tmp_path / "archive"))
    texts = [text(1), text(1) + " slutt", text(2), text(3), text(3) + " nytt slutt"]
    records = [make_record(n, text=one) for n, one in enumerate(texts, start=1)]
    put(store, tmp_path / "spools", *((entry_of(record), record) for record in records))
    page = (DOCS / "near-duplicates.md").read_text(encoding="utf-8")
    (shell,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    (python,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert "(examples/near_duplicates.sql)" in page
    job = Job(tmp_path, SOURCE)
    (tmp_path / "near_duplicates.sql").write_text(SQL)
    for command in (
        ["/bin/bash", "-euc", f'PATH="{Path(sys.executable).parent}:$PATH"\n{shell}'],
        [sys.executable, "-c", python],
    ):
        done = subprocess.run(
            command, cwd=tmp_path, env=job.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    printed = done.stdout.splitlines()
    assert printed[0].startswith("[('example:")
    assert "0 bands left out" in printed[1]
    assert printed[2] == "2 clusters of 4 articles"
