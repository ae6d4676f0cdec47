"""An archive has one id, by which its spools are found whatever its address is spelled like."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.log.archive_id import ID_KEY, decode_id, give_id, read_id
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.store.protocol import MARKER_BODY, MARKER_KEY, Put
from nordcrawl.cli.environment import options_from_environment
from nordcrawl.cli.main import main
from nordcrawl.config.options import Options
from nordcrawl.config.state_folder import archive_folders, spool_folders, spools
from nordcrawl.errors import ArchiveDamaged, StoreUnavailable
from tests.support.archive_builders import (
    SOURCE,
    accept,
    archive,
    finish_in_vain,
    make_record,
    open_writer,
)
from tests.support.archive_runs import ids
from tests.support.memory_store import MemoryStore

SPELLINGS = ("http://minio:9000", "http://minio:9000/", "http://MINIO:9000", "http://10.0.0.7:9000")
"""The last is the same server by its number."""


class Down(MemoryStore):
    down = False

    def put(self, key: str, body: bytes, *, content_type: str) -> Put:
        if self.down and key.startswith(("articles", "ledger", "commits")):
            raise StoreUnavailable("down")
        return super().put(key, body, content_type=content_type)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Options]:
    """The options of a machine that spells the endpoint so."""

    def spelled(endpoint: str) -> Options:
        monkeypatch.setattr("nordcrawl.settings.NORDCRAWL_STATE_DIR", str(tmp_path / "machine"))
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        return options_from_environment(NORDCRAWL_ARCHIVE="s3://bucket/prefix")

    return spelled


def crawl(options: Options, store: Down, run_id: str, *numbers: int) -> Path:
    """A run as `nordcrawl.crawl.run.Run.open` begins one; returns its folder."""
    folder, *_ = spool_folders(options, store, SOURCE)
    with open_writer(store, folder, run_id) as writer:
        archive_folders(options, store, mark=True)
        accept(writer, *(make_record(number, run_id=run_id) for number in numbers))
        if store.down:
            finish_in_vain(writer)
        else:
            assert writer.finish(deadline_s=300).pending_records == 0
    return folder


@pytest.mark.parametrize("conditional", [True, False])
def test_four_spellings_of_one_endpoint_are_one_spool(
    at: Callable[[str], Options], conditional: bool
) -> None:
    store = Down(conditional=conditional)
    found = [crawl(at(s), store, f"run-{n}", n) for n, s in enumerate(SPELLINGS, start=1)]
    assert len(set(found)) == 1
    store.objects.clear()  # another archive, at an address that was known
    assert archive_folders(at(SPELLINGS[3]), store) == [found[0].parent]
    assert archive_folders(at("http://minio:9001"), store) != [found[0].parent]


def test_so_where_the_store_cannot_be_asked(at: Callable[[str], Options]) -> None:
    store = Down()
    found = [crawl(at(s), store, f"run-{n}", n) for n, s in enumerate(SPELLINGS, start=1)]
    assert [archive_folders(at(s), None) for s in SPELLINGS] == [[f.parent] for f in found]


def test_two_archives_are_two_spools_though_one_took_the_address_of_the_other(
    at: Callable[[str], Options],
) -> None:
    first, second = Down(), Down()
    one = crawl(at(SPELLINGS[0]), first, "run-1", 1)
    other = crawl(at("http://minio:9001"), second, "run-2", 2)
    assert one != other
    assert spool_folders(at("http://minio:9001"), first, SOURCE) == [one]
    assert spool_folders(at(SPELLINGS[0]), second, SOURCE) == [other]


def test_an_archive_of_before_gets_its_id_with_the_next_commit(tmp_path: Path) -> None:
    store = MemoryStore()
    store.objects[MARKER_KEY] = (MARKER_BODY, store.now)
    assert read_id(store) is None
    archive(store, tmp_path / "spool", make_record(1))
    given = read_id(store)
    archive(store, tmp_path / "spool", make_record(2, run_id="run-2"))
    assert given is not None
    assert read_id(store) == given
    assert store.get(MARKER_KEY) == MARKER_BODY, "nothing is overwritten"
    assert store.overwritten == []
    assert verify(store).damage == 0


@pytest.mark.parametrize("conditional", [True, False])
def test_two_that_give_an_id_at_once_end_with_one(
    at: Callable[[str], Options], conditional: bool
) -> None:
    """Where puts are not conditional both may be told that theirs was put."""
    store = Down(conditional=conditional)
    both_missed = threading.Barrier(2, timeout=300)

    class Slow(Down):
        objects = store.objects
        looked = False

        def get(self, key: str) -> bytes:
            if key != ID_KEY or self.looked:
                return super().get(key)
            self.looked = True
            try:
                return super().get(key)
            finally:
                both_missed.wait()

    given: dict[str, str] = {}

    def give(name: str) -> None:
        slow = Slow(conditional=conditional)
        slow.objects = store.objects
        given[name] = give_id(slow)

    threads = [threading.Thread(target=give, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = read_id(store)
    assert kept in given.values()
    if conditional:
        assert set(given.values()) == {kept}


def test_the_one_whose_id_was_replaced_finds_its_spool(at: Callable[[str], Options]) -> None:
    store = Down(conditional=False)
    store.down = True
    mine = crawl(at(SPELLINGS[0]), store, "run-1", 1)
    lost = store.objects.pop(ID_KEY)
    give_id(store)
    assert store.objects[ID_KEY][0] != lost[0]
    store.down = False
    for number, spelling in enumerate((SPELLINGS[0], SPELLINGS[3]), start=2):
        assert crawl(at(spelling), store, f"run-{number}", number) == mine
    assert sorted(ids(store)) == [f"{SOURCE}:{n}" for n in (1, 2, 3)]


def test_spools_that_were_told_apart_are_all_shipped(
    at: Callable[[str], Options], tmp_path: Path
) -> None:
    """An earlier nordcrawl named folders by the spelling; in each something waits."""
    store = Down()
    machine = tmp_path / "machine"
    for number, name in enumerate(("s3-bucket-prefix-0a", "s3-bucket-prefix-0b"), start=1):
        folder = machine / name / SOURCE
        with open_writer(store, folder, f"run-{number}") as writer:
            accept(writer, make_record(number, run_id=f"run-{number}"))
            assert writer.finish(deadline_s=300).pending_records == 0
            store.down = True
            accept(writer, make_record(number + 10, run_id=f"run-{number}"))
            finish_in_vain(writer)
        store.down = False
    found = spool_folders(at(SPELLINGS[0]), store, SOURCE)
    assert [folder.parent.name for folder in found] == [
        "s3-bucket-prefix-0a",
        "s3-bucket-prefix-0b",
    ]
    assert spool_folders(at(SPELLINGS[0]), Down(), SOURCE)[0] not in found, "another archive"


def test_ship_ships_all_and_doctor_sees_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nordcrawl.settings.NORDCRAWL_STATE_DIR", str(tmp_path / "machine"))
    monkeypatch.setattr("nordcrawl.settings.NORDCRAWL_ARCHIVE", str(tmp_path / "archive"))
    store = FolderStore(tmp_path / "archive")
    for number, name in enumerate(("of-an-old-spelling-0a", "of-another-0b"), start=1):
        folder = tmp_path / "machine" / name / SOURCE
        archive(store, folder, make_record(number, run_id=f"run-{number}"))
        with open_writer(store, folder, f"run-1{number}") as writer:
            accept(writer, make_record(10 + number, run_id=f"run-1{number}"))
    assert main(["doctor"]) == 0
    seen = capsys.readouterr().out
    assert seen.count("2 lines wait") == 2
    assert main(["ship"]) == 0
    assert sorted(ids(store)) == sorted(f"{SOURCE}:{n}" for n in (1, 2, 11, 12))
    assert [spools(folder) for folder in archive_folders(options_from_environment(), None)] == [
        [SOURCE], [SOURCE],
    ]  # fmt: skip


@pytest.mark.parametrize("at_byte", range(0, 150, 7))
def test_a_flipped_byte_of_it_is_found(at_byte: int, tmp_path: Path) -> None:
    store = MemoryStore()
    archive(store, tmp_path / "spool", make_record(1))
    body = bytearray(store.get(ID_KEY))
    body[at_byte % len(body)] ^= 1
    store.objects[ID_KEY] = (bytes(body), store.now)
    with pytest.raises(ArchiveDamaged, match=ID_KEY):
        decode_id(bytes(body))
    assert [f.key for f in verify(store).findings if f.severity == "damage"] == [ID_KEY]
