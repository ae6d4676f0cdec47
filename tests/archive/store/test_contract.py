"""What every store does, tried on a folder and on real servers."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.store.address import archive_name, open_store
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.store.protocol import (
    MARKER_BODY,
    MARKER_KEY,
    Capabilities,
    ObjectEntry,
    Put,
    Store,
)
from nordcrawl.errors import ArchiveDamaged, ObjectConflict, ObjectMissing, StoreRefused
from tests.support.s3_servers import S3Server

TYPE = "application/gzip"


def keys(store: Store, prefix: str = "") -> list[str]:
    return sorted(entry.key for entry in store.list(prefix) if entry.key != MARKER_KEY)


def put(store: Store, *names: str) -> None:
    for name in names:
        store.put(name, name.encode(), content_type=TYPE)


def test_probe_makes_the_marker_and_sees_what_the_store_can(address: str, kind: str) -> None:
    store = open_store(address)
    expected = {
        "folder": Capabilities(conditional_put=True, checksum=False),
        "seaweedfs": Capabilities(conditional_put=True, checksum=True),
        "juicefs": Capabilities(conditional_put=False, checksum=False),
        "swift": Capabilities(conditional_put=True, checksum=False),
    }[kind]
    assert store.probe() == expected
    assert store.get(MARKER_KEY) == MARKER_BODY
    assert store.probe() == expected, "a second run finds the marker"
    assert keys(store) == [], "a probe leaves nothing else behind"


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        (b'{"format":"nordcrawl-archive","version":2}\n', "version '2'"),
        (b'{"format":"other","version":1}\n', "not the marker"),
        (b"<html>", "not JSON"),
        (b"[]", "not the marker"),
    ],
)
def test_probe_refuses_another_archive(address: str, marker: bytes, says: str) -> None:
    store = open_store(address)
    store.put(MARKER_KEY, marker, content_type="application/json")
    with pytest.raises(ArchiveDamaged, match=says) as raised:
        store.probe()
    assert store.uri in str(raised.value)
    assert store.get(MARKER_KEY) == marker


def test_probe_accepts_the_marker_with_other_spaces(address: str) -> None:
    marker = b'{"version": 1, "format": "nordcrawl-archive", "made_by": "hand"}'
    store = open_store(address)
    store.put(MARKER_KEY, marker, content_type="application/json")
    store.probe()
    assert store.get(MARKER_KEY) == marker


def test_put_then_read(store: Store) -> None:
    body = random.Random(1).randbytes(300_000)
    assert store.put("a/b.jsonl.gz", body, content_type=TYPE) is Put.CREATED
    assert store.get("a/b.jsonl.gz") == body
    assert store.exists("a/b.jsonl.gz")
    assert list(store.list("a/")) == [ObjectEntry("a/b.jsonl.gz", 300_000)]


def test_put_of_nothing(store: Store) -> None:
    assert store.put("empty", b"", content_type=TYPE) is Put.CREATED
    assert store.put("empty", b"", content_type=TYPE) is Put.ALREADY
    assert store.get("empty") == b""
    assert store.exists("empty")


def test_put_again(store: Store) -> None:
    assert store.put("a/b", b"one", content_type=TYPE) is Put.CREATED
    assert store.put("a/b", b"one", content_type=TYPE) is Put.ALREADY


@pytest.mark.parametrize("probed", [True, False])
def test_put_never_overwrites(address: str, probed: bool) -> None:
    store = open_store(address)
    if probed:
        store.probe()
    store.put("a/b", b"one", content_type=TYPE)
    for other in (b"two", b"longer", b""):
        with pytest.raises(ObjectConflict, match="a/b"):
            store.put("a/b", other, content_type=TYPE)
    assert store.get("a/b") == b"one"


def test_missing(store: Store) -> None:
    put(store, "a/b")
    for key in ("nope", "a", "a/c", "a/b/c", "nope/nope"):
        assert not store.exists(key), key
        with pytest.raises(ObjectMissing, match=key):
            store.get(key)
    assert keys(store, "nope") == []
    assert list(store.folders("nope/")) == []


def test_list_by_prefix(store: Store) -> None:
    put(store, "commits/ab/1.json", "commits/ab/2.json", "commits/abc/1.json", "index/1")
    assert keys(store) == [
        "commits/ab/1.json",
        "commits/ab/2.json",
        "commits/abc/1.json",
        "index/1",
    ]
    assert keys(store, "commits/ab/") == ["commits/ab/1.json", "commits/ab/2.json"]
    assert keys(store, "commits/ab") == keys(store, "commits/")
    assert keys(store, "commits/ab/2") == ["commits/ab/2.json"]
    assert keys(store, "commits/x") == []
    assert list(store.list("index/1")) == [ObjectEntry("index/1", 7)]


def test_folders(store: Store) -> None:
    put(store, "commits/ab/1", "commits/cd/x/y/1", "commits/readme", "runs/1")
    assert sorted(store.folders("commits/")) == ["ab", "cd"]
    assert sorted(store.folders("")) == ["commits", "runs"]
    assert list(store.folders("commits/ab/")) == []


def test_deep_keys_of_every_character(store: Store) -> None:
    key = "articles-v1/site=aftenposten.no/date=2024-05-17/a_b-000000000001.r01.jsonl.gz"
    put(store, key, "1/2/3/4/5/6/7/8/9/10/" + "x" * 200)
    assert key in keys(store)
    assert store.get(key) == key.encode()
    assert list(store.folders("articles-v1/")) == ["site=aftenposten.no"]


@pytest.mark.parametrize("address", ["folder", "seaweedfs"], indirect=True)
def test_more_objects_than_a_page(address: str, kind: str, request: pytest.FixtureRequest) -> None:
    store = open_store(address)
    names = {f"p/{number:04d}" for number in range(1050)}
    if kind == "folder":  # fsyncs of so many would test the disk's patience only
        folder = Path(store.uri.removeprefix("file://")) / "p"
        folder.mkdir(parents=True)
        for name in names:
            (folder / name.removeprefix("p/")).write_bytes(b"x")
    else:
        server: S3Server = request.getfixturevalue(kind)
        prefix = store.uri.removeprefix(f"s3://{server.bucket}/")
        client = server.client()

        def plain_put(name: str) -> None:
            client.put_object(Bucket=server.bucket, Key=f"{prefix}/{name}", Body=b"x")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(plain_put, names))
    listed = [entry.key for entry in store.list("p/")]
    assert len(listed) == 1050
    assert set(listed) == names
    assert list(store.folders("")) == ["p"]


def test_listed_with_its_time(store: Store) -> None:
    before = datetime.now(UTC)
    put(store, "a/b")
    (entry,) = store.list("a/")
    assert entry.modified is not None
    assert entry.modified.tzinfo is UTC
    assert abs(entry.modified - before) < timedelta(seconds=3), "S3 tells whole seconds"


def test_delete(store: Store) -> None:
    put(store, "a/b", "a/bc", "a/b-c", "d/e/f")
    store.delete("a/b")
    assert not store.exists("a/b")
    with pytest.raises(ObjectMissing):
        store.get("a/b")
    store.delete("a/b")
    store.delete("nope/nope")
    assert keys(store) == ["a/b-c", "a/bc", "d/e/f"]
    store.delete("d/e/f")
    assert keys(store) == ["a/b-c", "a/bc"]
    assert set(store.folders("")) <= {"a", "d"}, "SeaweedFS names an emptied level for a while"
    assert store.put("a/b", b"anew", content_type=TYPE) is Put.CREATED
    assert store.get("a/b") == b"anew"


@dataclass
class Versioned:
    """A store in a bucket that keeps versions."""

    store: Store
    client: Any
    bucket: str
    prefix: str

    def left(self) -> list[str]:
        """Return the keys of all versions and delete markers there are."""
        page = self.client.list_object_versions(Bucket=self.bucket, Prefix=self.prefix)
        entries = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        return sorted(entry["Key"].removeprefix(f"{self.prefix}/") for entry in entries)


@pytest.fixture(params=["seaweedfs-versions", "seaweedfs-lock", "swift-versions"])
def versioned(request: pytest.FixtureRequest, use: Callable[..., None]) -> Versioned:
    name, _, what = request.param.partition("-")
    server: S3Server = request.getfixturevalue(name)
    use(server)
    client = server.client()
    bucket = f"versioned-{what}"
    locked = {"ObjectLockEnabledForBucket": True} if what == "lock" else {}
    with suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=bucket, **locked)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    if locked:
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
        client.put_object_lock_configuration(
            Bucket=bucket,
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
        )
    prefix = f"t-{os.urandom(4).hex()}"
    store = open_store(f"s3://{bucket}/{prefix}", retry_s=10)
    store.probe()
    return Versioned(store, client, bucket, prefix)


def test_delete_leaves_no_version(versioned: Versioned) -> None:
    """Older versions, put by whomever, and delete markers; also under a governance lock."""
    put(versioned.store, "a/b", "a/bc")
    place = {"Bucket": versioned.bucket, "Key": f"{versioned.prefix}/a/b"}
    for text in (b"two", b"three"):
        versioned.client.put_object(**place, Body=text)
    versioned.client.delete_object(**place)
    assert versioned.left().count("a/b") == 4
    versioned.store.delete("a/b")
    assert set(versioned.left()) == {MARKER_KEY, "a/bc"}
    versioned.store.delete("a/b")
    put(versioned.store, "a/b")
    assert versioned.store.get("a/b") == b"a/b"
    versioned.store.delete("a/b")
    assert set(versioned.left()) == {MARKER_KEY, "a/bc"}


@pytest.mark.parametrize("versioned", ["seaweedfs-lock"], indirect=True)
def test_delete_under_a_compliance_lock_is_refused(versioned: Versioned) -> None:
    versioned.client.put_object(
        Bucket=versioned.bucket,
        Key=f"{versioned.prefix}/a/b",
        Body=b"x",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=datetime.now(UTC) + timedelta(hours=1),
    )
    with pytest.raises(StoreRefused, match="compliance lock"):
        versioned.store.delete("a/b")
    assert "a/b" in versioned.left()


def test_delete_of_a_level_is_no_delete_of_what_is_below(store: Store) -> None:
    put(store, "a/b/c")
    store.delete("a/b")
    store.delete("a/b/c/d")
    assert store.get("a/b/c") == b"a/b/c"


def test_put_while_others_empty_the_folder(store: Store) -> None:
    def put_and_delete(number: int) -> None:
        for _ in range(4):
            put(store, f"x/y/{number}")
            store.delete(f"x/y/{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put_and_delete, range(4)))
    assert keys(store) == []


def test_same_key_by_eight_threads(store: Store) -> None:
    body = os.urandom(100_000)
    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(lambda _: store.put("a/same", body, content_type=TYPE), range(16)))
    assert Put.CREATED in ends
    assert set(ends) <= {Put.CREATED, Put.ALREADY}
    assert list(store.list("a/")) == [ObjectEntry("a/same", 100_000)]
    assert store.get("a/same") == body


def test_other_bytes_by_eight_threads(store: Store, kind: str) -> None:
    """Where creation is exclusive one wins, and the winner's bytes stay."""

    def attempt(number: int) -> int | None:
        try:
            store.put("a/same", bytes([number]) * 5000, content_type=TYPE)
        except ObjectConflict:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        winners = [number for number in pool.map(attempt, range(16)) if number is not None]
    if kind in ("folder", "seaweedfs"):
        assert len(winners) == 1
        assert store.get("a/same") == bytes(winners) * 5000
    assert len(set(store.get("a/same"))) == 1, "never a mixture"


def test_many_keys_by_eight_threads(store: Store) -> None:
    bodies = {f"w/{number:02d}/x": os.urandom(2000) for number in range(24)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: store.put(key, bodies[key], content_type=TYPE), bodies))
        assert list(pool.map(store.get, bodies)) == list(bodies.values())
    assert keys(store, "w/") == list(bodies)


@pytest.mark.parametrize(
    "key",
    ["", "/a", "a/", "a//b", "../a", "a/../b", ".tmp/x", "a/.b", "A", "å", "a b", "a\nb", "a%2f"],
)
def test_bad_keys(store: Store, key: str) -> None:
    for operation in (
        *(store.get, store.exists, store.delete),
        lambda key: store.put(key, b"", content_type=TYPE),
    ):
        with pytest.raises(ValueError, match="key"):
            operation(key)


@pytest.mark.parametrize("beginning", ["/", "..", "a/../", "A", "a//"])
def test_bad_prefixes(store: Store, beginning: str) -> None:
    with pytest.raises(ValueError, match="key"):
        list(store.list(beginning))
    with pytest.raises(ValueError, match="key"):
        list(store.folders(beginning))


def test_uri_opens_the_same_store(store: Store, address: str) -> None:
    put(store, "a/b")
    assert archive_name(address) == store.uri == archive_name(store.uri)
    assert open_store(store.uri).get("a/b") == b"a/b"


def test_at_the_root_of_a_bucket(
    seaweedfs: S3Server, use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(seaweedfs)
    bucket = "nordcrawl-root"
    seaweedfs.client().create_bucket(Bucket=bucket)
    store = open_store(f"s3://{bucket}/")
    store.probe()
    put(store, "a/b")
    assert store.uri == "s3://nordcrawl-root"
    assert keys(store) == ["a/b"]
    assert list(store.folders("")) == ["a"]


def test_what_lies_in_the_bucket(
    seaweedfs: S3Server, use: Callable[..., None], prefix: str
) -> None:
    """The object as any other S3 client sees it."""
    use(seaweedfs)
    body = b'{"v":1}\n'
    open_store(f"s3://{seaweedfs.bucket}/{prefix}").put("a.gz", body, content_type=TYPE)
    answer = seaweedfs.client().get_object(Bucket=seaweedfs.bucket, Key=f"{prefix}/a.gz")
    assert answer["Body"].read() == body
    assert answer["ContentType"] == TYPE
    assert answer["Metadata"] == {"sha256": hashlib.sha256(body).hexdigest()}
    assert "ContentEncoding" not in answer


def test_reading_needs_no_probe(address: str) -> None:
    """A wrong folder is an error, not an empty archive."""
    store = open_store(address)
    if isinstance(store, FolderStore):
        for read in (
            lambda: list(store.list("")),
            lambda: store.get("a"),
            lambda: store.exists("a"),
            lambda: store.delete("a"),
        ):
            with pytest.raises(StoreRefused, match="no folder"):
                read()
    else:
        assert keys(store) == []
        assert not store.exists("a")
