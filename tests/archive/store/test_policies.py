"""The policies in ``deploy/s3`` do what deploy/README.md says, on a real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.alerts.look import look
from nordcrawl.archive.format.quarantine import Choice
from nordcrawl.archive.keep.quarantine import decided
from nordcrawl.archive.keep.settle import settle
from nordcrawl.archive.store.s3 import S3Store
from nordcrawl.config.options import Options
from nordcrawl.errors import StoreRefused
from tests.support import s3_servers as servers
from tests.support.archive_builders import (
    SOURCE,
    accept,
    archive,
    check_archive,
    make_record,
    open_writer,
)
from tests.support.archive_runs import maintainer
from tests.support.held_batches import bad, check, finished, held, opened
from tests.support.jobs import Job
from tests.support.news_site import Paper

RUN = "20261026t083800z-example-00aa"
KEY = "a/b"
As = Callable[[str], S3Store]


@pytest.fixture
def identity(
    seaweedfs: servers.S3Server, use: Callable[..., None], request: pytest.FixtureRequest
) -> As:
    """Return a store as one of deploy's identities has it; each test has its own empty bucket."""
    bucket, prefix = servers.DEPLOYED
    client = seaweedfs.client()
    with suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    page = client.list_object_versions(Bucket=bucket)
    for entry in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
        client.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])

    def become(name: str) -> S3Store:
        use(replace(seaweedfs, access_key=name))
        return S3Store(bucket, prefix, retry_s=5)

    return become


def put(store: S3Store, key: str = KEY, body: bytes = b"x") -> None:
    store.put(key, body, content_type="application/json")


def test_the_crawler_ships_and_reads_but_does_not_delete(identity: As, tmp_path: Path) -> None:
    store = identity("crawler")
    archive(store, tmp_path / "one", make_record(1))
    archive(store, tmp_path / "two", make_record(2))
    assert sum(check_archive(store).values()) == 2
    put(store)
    with pytest.raises(StoreRefused, match="s3:DeleteObject"):
        store.delete(KEY)
    assert store.get(KEY) == b"x"


def test_only_maintenance_orders_an_erasure(identity: As) -> None:
    key = "erasures/2026/order.json"
    store = identity("crawler")
    with pytest.raises(StoreRefused, match="AccessDenied"):
        put(store, key)
    assert not store.exists(key)
    put(store, "erasures-of-another-kind")  # no more than that is refused
    put(identity("maintenance"), key)
    assert identity("crawler").get(key) == b"x", "who crawls must know the orders"


@pytest.mark.parametrize("folder", ["erasures", "quarantine"])
def test_the_crawler_gets_into_a_closed_folder_by_no_other_way(
    folder: str, identity: As, seaweedfs: servers.S3Server
) -> None:
    """What a thief would try who has the key and asks without nordcrawl."""
    bucket, prefix = servers.DEPLOYED
    put(identity("crawler"))
    thief = replace(seaweedfs, access_key="crawler").client()
    for key in (f"{prefix}/{folder}/a/b", f"{prefix}//{folder}/a/b", f"{prefix}/{folder}//b"):
        place = {"Bucket": bucket, "Key": key}
        for operation in (
            lambda place=place: thief.put_object(**place, Body=b"x"),
            lambda place=place: thief.copy_object(**place, CopySource=f"{bucket}/{prefix}/{KEY}"),
            lambda place=place: thief.create_multipart_upload(**place),
        ):
            with pytest.raises(thief.exceptions.ClientError, match="AccessDenied"):
                operation()
    names = [
        entry["Key"] for entry in seaweedfs.client().list_objects_v2(Bucket=bucket)["Contents"]
    ]
    assert names == [f"{prefix}/{KEY}"]


@pytest.mark.parametrize("choice", list(Choice))
def test_only_maintenance_settles_quarantine(choice: Choice, identity: As, tmp_path: Path) -> None:
    store = identity("crawler")
    with opened(store, tmp_path / "spool", RUN) as writer:
        accept(writer, bad(1, run_id=RUN), bad(2, run_id=RUN))
        finished(writer)
    assert len(held(store)) == 2, "who crawls may hold back"
    for name in ("crawler", "reader"):
        store = identity(name)
        with pytest.raises(StoreRefused, match="AccessDenied"), maintainer(store, tmp_path) as kept:
            settle(kept, RUN, choice, "kari", "a test")
        assert len(held(store)) == 2
        assert list(store.list("quarantine/")) == []
    with maintainer(identity("maintenance"), tmp_path) as kept:
        done = settle(kept, RUN, choice, "kari", "a test")
    assert (done.released + done.dropped, done.left) == (2, [])
    store = identity("crawler")
    assert held(store) == []
    assert decided(store, RUN, choice) == done.decision, "who crawls must know it"
    check(store)


@pytest.mark.slow
def test_by_its_key_a_job_crawls_and_neither_erases_nor_settles(
    identity: As,
    seaweedfs: servers.S3Server,
    paper: Paper,
    job: Callable[..., Job],
) -> None:
    for n in range(3):
        paper.publish(f"/news/{n}", f"Story number {n}")
    identity("crawler")
    keys = replace(seaweedfs, access_key="crawler").environment()
    crawl = job(NORDCRAWL_ARCHIVE="s3://{}/{}".format(*servers.DEPLOYED), **keys)
    assert crawl.nordcrawl("doctor", "paper").code == 0
    for outcomes in ({"new": 3}, {"skipped_fresh": 3}):
        done = crawl.crawl()
        assert done.code == 0, done.text
        assert crawl.report()["outcomes"] == outcomes
    url = f"{paper.url}/news/1"
    refused = crawl.nordcrawl("erase", "--url", url, "--reason", "a", "--execute")
    assert (refused.code, "s3:PutObject" in refused.err) == (4, True), refused.text
    assert len(crawl.records()) == 3
    assert list(identity("reader").list("erasures/")) == []
    crawl.settings["AWS_ACCESS_KEY_ID"] = "reader"
    for command in ("verify", "status", "quarantine list", "files"):
        done = crawl.nordcrawl(*command.split())
        assert done.code == 0, done.text


def test_the_reader_reads_only(identity: As, tmp_path: Path) -> None:
    archive(identity("crawler"), tmp_path / "spool", make_record(1))
    store = identity("reader")
    assert sum(check_archive(store).values()) == 1
    assert not store.exists("nope/nope")
    for change in (lambda: put(store), lambda: store.delete("_nordcrawl.json"), store.probe):
        with pytest.raises(StoreRefused):
            change()
    assert sum(check_archive(store).values()) == 1


def test_a_reader_looks_for_alerts(identity: As, tmp_path: Path) -> None:
    with open_writer(identity("crawler"), tmp_path / "spool", RUN) as writer:
        accept(writer, make_record(1, run_id=RUN))
        writer.finish(deadline_s=300)
        writer.put_run({"run_id": RUN, "source": SOURCE, "exit_code": 4, "exit": "store"})
    identity("reader")
    found = look(Options("s3://{}/{}".format(*servers.DEPLOYED), tmp_path / "state"), (), dry=True)
    # The server goes on naming the folder of another source for a while after it was emptied.
    told = {one.id: one.text for one in found.alerts if one.source == SOURCE}
    assert [*told] == ["no_run", "run_failed"]
    assert "store" in told["run_failed"]


def test_maintenance_deletes_every_version(
    identity: As, seaweedfs: servers.S3Server, tmp_path: Path
) -> None:
    archive(identity("crawler"), tmp_path / "spool", make_record(1))
    bucket, prefix = servers.DEPLOYED
    client = seaweedfs.client()
    for text in (b"1", b"2"):
        client.put_object(Bucket=bucket, Key=f"{prefix}/{KEY}", Body=text)
    store = identity("maintenance")
    store.delete(KEY)
    put(store)
    store.delete(KEY)
    page = client.list_object_versions(Bucket=bucket, Prefix=f"{prefix}/{KEY}")
    assert not page.get("Versions")
    assert not page.get("DeleteMarkers")
    assert sum(check_archive(store).values()) == 1


@pytest.mark.parametrize("name", ["crawler", "reader", "maintenance"])
def test_nobody_leaves_the_prefix(name: str, identity: As, seaweedfs: servers.S3Server) -> None:
    bucket, _ = servers.DEPLOYED
    seaweedfs.client().put_object(Bucket=bucket, Key="elsewhere/a/b", Body=b"x")
    identity(name)
    outside = S3Store(bucket, "elsewhere", retry_s=1)
    for operation in (
        lambda: outside.get(KEY),
        lambda: put(outside, "a/c"),
        lambda: outside.delete(KEY),
        lambda: list(outside.list("")),
    ):
        with pytest.raises(StoreRefused):
            operation()
    with pytest.raises(StoreRefused):
        S3Store(seaweedfs.bucket, "elsewhere", retry_s=1).probe()


def read(name: str) -> Any:
    return json.loads((servers.POLICIES / name).read_text())


def test_seaweedfs_has_the_very_policies_of_aws() -> None:
    values = read("seaweedfs.json")
    found = {policy["name"]: json.loads(policy["content"]) for policy in values["policies"]}
    assert found == {
        f"nordcrawl-{name}": read(f"{name}-policy.json")
        for name in ("crawler", "reader", "maintenance")
    }


def test_only_maintenance_may_delete() -> None:
    for name in ("crawler", "reader"):
        assert "Delete" not in json.dumps(read(f"{name}-policy.json"))


def test_the_bucket_policy_refuses_whoever_comes_without_tls(
    seaweedfs: servers.S3Server, use: Callable[..., None]
) -> None:
    """Everybody: the bucket is this test's own, for nobody can take the policy off without TLS."""
    client = seaweedfs.client()
    client.create_bucket(Bucket="only-tls")
    text = (servers.POLICIES / "bucket-policy.json").read_text()
    client.put_bucket_policy(Bucket="only-tls", Policy=text.replace("BUCKET", "only-tls"))
    use(seaweedfs)
    with pytest.raises(StoreRefused):
        S3Store("only-tls", "p", retry_s=1).probe()


def test_the_lifecycle_rule(seaweedfs: servers.S3Server) -> None:
    client = seaweedfs.client()
    client.create_bucket(Bucket="aborting")
    client.put_bucket_lifecycle_configuration(
        Bucket="aborting", LifecycleConfiguration=read("lifecycle.json")
    )
    aborting, expiring = client.get_bucket_lifecycle_configuration(Bucket="aborting")["Rules"]
    assert aborting["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert "Expiration" not in aborting
    assert expiring["Expiration"] == {"Days": 2}
    assert expiring["Filter"]["Prefix"].endswith("/leases/")
