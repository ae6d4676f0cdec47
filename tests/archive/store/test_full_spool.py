"""A store slower than the site: the crawl waits when the spool is full, and loses nothing."""

from __future__ import annotations

import pytest

from tests.support import faulty_s3 as faulty

STORIES = 80


def crawl_of(paper, job, server, prefix, proxy, **settings):
    for n in range(STORIES):
        paper.publish(f"/news/{n}", f"Story number {n}", f"Words of story {n}. " * 60)
    environment = server.through(faulty.endpoint(proxy)).environment()
    return job(
        NORDCRAWL_ARCHIVE=f"s3://{server.bucket}/{prefix}",
        NORDCRAWL_SPOOL_MIB="0.05",
        **environment | settings,
    )


@pytest.mark.slow
def test_a_slow_store_holds_the_crawl_up_and_gets_all(seaweedfs, paper, job, prefix):
    with faulty.served(faulty.forward_to(seaweedfs.endpoint)) as proxy:
        crawl = crawl_of(paper, job, seaweedfs, prefix, proxy, NORDCRAWL_STORE_RETRY_S="120")
        busy = faulty.Fault(faulty.error(503, "SlowDown"), method="PUT", ending=".gz", times=4)
        proxy.faults.append(busy)
        done = crawl.crawl()
        assert done.code == 0, done.text
        assert crawl.report()["outcomes"] == {"new": STORIES}
        assert len(crawl.records()) == STORIES
        parts = seaweedfs.client().list_objects_v2(
            Bucket=seaweedfs.bucket, Prefix=f"{prefix}/articles-v1/"
        )
        assert parts["KeyCount"] > 1, "it shipped when the spool was full, not at the end"


@pytest.mark.slow
def test_a_store_that_takes_nothing_ends_it_with_what_fits(seaweedfs, paper, job, prefix):
    with faulty.served(faulty.forward_to(seaweedfs.endpoint)) as proxy:
        crawl = crawl_of(paper, job, seaweedfs, prefix, proxy, NORDCRAWL_STORE_RETRY_S="5")
        down = faulty.Fault(faulty.error(503, "SlowDown"), method="PUT", ending=".gz", times=10**6)
        proxy.faults.append(down)
        done = crawl.crawl()
        assert done.code == 5, done.text
        assert "the spool is full" in done.err
        waiting = crawl.report()["pending_records"]
        assert 0 < waiting < 2 * STORIES
        proxy.faults.clear()
        crawl.settings["NORDCRAWL_STORE_RETRY_S"] = "120"
        assert crawl.nordcrawl("ship").code == 0
        kept = len(crawl.records())
        assert 2 * kept <= waiting + 2
        done = crawl.crawl()
        assert done.code == 0, done.text
        assert len(crawl.records()) == STORIES
        assert crawl.nordcrawl("verify").code == 0
