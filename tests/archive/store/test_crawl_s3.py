"""Whole crawls into real S3-compatible servers, and into one that fails."""

from __future__ import annotations

import signal
import time

import pytest

from tests.support import faulty_s3 as faulty
from tests.support import s3_servers as servers


@pytest.mark.parametrize(
    "kind",
    ["seaweedfs", "juicefs", "swift"],
)
def test_a_crawl_into_a_bucket_reads_back(kind, paper, job, prefix, request):
    server = request.getfixturevalue(kind)
    for n in range(6):
        paper.publish(f"/news/{n}", f"Story number {n}")
    environment = {"NORDCRAWL_CAPTURE": "1", **server.environment()}
    crawl = job(NORDCRAWL_ARCHIVE=f"s3://{server.bucket}/{prefix}", **environment)
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert len(crawl.records()) == 6
    paper.publish("/news/3", "Story number 3", "Another text. " * 30, lastmod="2026-11-22")
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert crawl.report()["outcomes"] == {"updated": 1, "skipped_fresh": 5}
    assert [r["revision"] for r in crawl.records("--latest") if r["title"].endswith("3")] == [2]
    assert servers.SECRET_KEY not in done.text
    assert crawl.report()["captures"] == 1
    erased = crawl.nordcrawl("erase", "--url", f"{paper.url}/news/2", "--reason", "a", "--execute")
    assert "1 captures erased" in erased.text
    verified = crawl.nordcrawl("verify")
    assert (verified.code, "captures  6 pages" in verified.text) == (0, True), verified.text


@pytest.mark.parametrize(
    ("changes", "archive", "says"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong-secret-canary"}, "s3://{bucket}/x", "secret"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "s3://{bucket}/x", "key"),
        ({}, "s3://no-such-bucket-here/x", "no-such-bucket-here"),
    ],
)
def test_a_store_that_refuses_is_found_before_the_first_request(
    seaweedfs, paper, job, changes, archive, says
):
    paper.publish("/news/a", "A story")
    crawl = job(
        NORDCRAWL_ARCHIVE=archive.format(bucket=seaweedfs.bucket),
        **seaweedfs.environment(**changes),
    )
    done = crawl.crawl("-s", "LOG_LEVEL=DEBUG")
    assert done.code == 4, done.text
    assert says in done.err.lower()
    assert "wrong-secret-canary" not in done.text
    assert paper.requests == []


@pytest.mark.slow
def test_a_store_that_goes_away_costs_nothing(seaweedfs, paper, job, prefix):
    for n in range(6):
        paper.publish(f"/news/{n}", f"Story number {n}")
    with faulty.served(faulty.forward_to(seaweedfs.endpoint)) as proxy:
        environment = seaweedfs.through(faulty.endpoint(proxy)).environment()
        crawl = job(
            NORDCRAWL_ARCHIVE=f"s3://{seaweedfs.bucket}/{prefix}",
            **environment | {"NORDCRAWL_STORE_RETRY_S": "5"},
        )
        down = faulty.Fault(faulty.error(503, "SlowDown"), method="PUT", ending=".gz", times=10**6)
        proxy.faults.append(down)
        done = crawl.crawl()
        assert done.code == 5, done.text
        assert crawl.records() == []
        assert crawl.report()["pending_records"] == 12

        proxy.faults.clear()
        crawl.settings["NORDCRAWL_STORE_RETRY_S"] = "120"
        shipped = crawl.nordcrawl("ship")
        assert shipped.code == 0, shipped.text
        assert len(crawl.records()) == 6
        done = crawl.crawl()
        assert done.code == 0, done.text
        assert crawl.report()["outcomes"] == {"skipped_fresh": 6}
        assert len(crawl.records()) == 6


@pytest.mark.slow
def test_stopped_while_the_store_is_down_the_spool_keeps_all(seaweedfs, paper, job, prefix):
    for n in range(200):
        paper.publish(f"/news/{n}", f"Story number {n}", delay_s=0.05)
    with faulty.served(faulty.forward_to(seaweedfs.endpoint)) as proxy:
        environment = seaweedfs.through(faulty.endpoint(proxy)).environment()
        crawl = job(NORDCRAWL_ARCHIVE=f"s3://{seaweedfs.bucket}/{prefix}", **environment)
        down = faulty.Fault(faulty.error(503, "SlowDown"), method="PUT", ending=".gz", times=10**6)
        proxy.faults.append(down)
        process = crawl.start("-s", "NORDCRAWL_STORE_RETRY_S=60")
        crawl.wait(process, lambda: len(paper.requests) >= 20, "20 requests")
        process.send_signal(signal.SIGTERM)
        stopped = time.monotonic()
        done = crawl.end(process)
        assert time.monotonic() - stopped < 20, done.text
        assert done.code == 5, done.text

        proxy.faults.clear()
        shipped = crawl.nordcrawl("ship")
        assert shipped.code == 0, shipped.text
        assert len(crawl.records()) >= 10
