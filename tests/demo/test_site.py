"""The demo site as a server: redirects, conditions, encodings, editions, control."""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote

import pytest

from nordcrawl.demo import DemoSite, ExpectedStory, expected
from nordcrawl.demo.hosts import BARE, EN, WWW, Hosts
from nordcrawl.demo.lists import WITHDRAWN
from nordcrawl.demo.routes import Ask, answer
from tests.support.demo_asking import MODERN, STORIES, ask, feed, find, page_of, sitemap, with_trait
from tests.support.processes import bound


def test_redirects(site: DemoSite) -> None:
    story = find("/148213")
    for host, path in [
        (WWW, "/en/new-owner-restarts-graphite-plant-isfjordhamn"),
        (EN, "/a/148213"),
    ]:
        got = ask(site, host, path)
        assert (got.status, got.headers["Location"]) == (301, site.url(story))
    short = with_trait("short-200")
    got = ask(site, WWW, f"/a/{short.cms_id}")
    assert got.status == 200
    assert got.html.xpath("string(//link[@rel='canonical']/@href)") == site.url(short)


def test_the_bare_host_goes_to_www_but_for_one_story(site: DemoSite) -> None:
    got = ask(site, BARE, "/politikk?x=1")
    assert got.headers["Location"] == f"http://{site.hosts[WWW]}/politikk?x=1"
    story = with_trait("bare-host")
    bare, www = ask(site, BARE, story.url_path), page_of(site, story)
    assert (bare.status, bare.body) == (200, www.body)


def test_an_address_shows_the_norwegian_edition_with_links_to_itself(site: DemoSite) -> None:
    here = f"127.0.0.1:{site.port}"
    front = ask(site, here, "/")
    assert front.html.get("lang") == "nb-NO"
    assert f"http://{here}/naeringsliv/" in front.text
    assert site.hosts[WWW] not in front.text
    with urllib.request.urlopen(f"http://{here}/robots.txt") as answered:
        assert f"Sitemap: http://{here}/sitemap.xml" in answered.read().decode()


def test_unknown_hosts_and_paths(site: DemoSite) -> None:
    assert ask(site, "example.org", "/").status == 421
    assert ask(site, "[", "/").status == 421
    assert ask(site, EN, "/nothing/here/1234567").status == 404
    assert ask(site, EN, WITHDRAWN).status == 404
    assert ask(site, EN, "/", "POST").status == 404


def test_conditional_requests(site: DemoSite) -> None:
    by_tag, by_time, by_nothing = find("/1117230"), find("/1117201"), find("/1117166")
    got = page_of(site, by_tag)
    again = ask(site, EN, by_tag.url_path, If_None_Match=got.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == got.headers["ETag"]
    assert ask(site, EN, by_tag.url_path, If_None_Match='"other"').status == 200
    got = page_of(site, by_time)
    changed = got.headers["Last-Modified"]
    assert parsedate_to_datetime(changed) == by_time.modified_at
    assert ask(site, EN, by_time.url_path, If_Modified_Since=changed).status == 304
    early = "Mon, 01 Jun 2026 00:00:00 GMT"
    assert ask(site, EN, by_time.url_path, If_Modified_Since=early).status == 200
    assert ask(site, EN, by_time.url_path, If_Modified_Since="soon").status == 200
    kinds = Counter(
        (bool(got.headers["ETag"]), bool(got.headers["Last-Modified"]))
        for got in (page_of(site, story) for story in MODERN)
    )
    assert set(kinds) == {(True, False), (False, True), (False, False)}
    assert by_nothing.cms_id


def test_gzip_and_head(site: DemoSite) -> None:
    path = find("/1117230").url_path
    packed = ask(site, EN, path, Accept_Encoding="gzip, br")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert b"</html>" in gzip.decompress(packed.body)
    head = ask(site, EN, path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) > 5_000


def test_requests_are_kept(site: DemoSite) -> None:
    ask(site, EN, "/robots.txt", User_Agent="tester")
    ask(site, EN, "/__demo__/")
    (seen,) = site.requests
    assert seen[:3] == ("en.highnorthnews.localhost", "/robots.txt", 200)
    assert seen.headers["user-agent"] == "tester"
    site.clear_requests()
    workers = [threading.Thread(target=ask, args=(site, EN, "/robots.txt")) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(site.requests) == 8


def test_fail_extra_and_delay() -> None:
    extra = {(EN, "/x/y/1234"): (200, {"X-Robots-Tag": "noai"}, b"<html>mine</html>")}
    with DemoSite(fail={"/robots.txt": 503}, extra=extra, delay_s=0.05) as site:
        assert ask(site, WWW, "/robots.txt").status == 503
        got = ask(site, EN, "/x/y/1234")
        assert (got.body, got.headers["X-Robots-Tag"]) == (b"<html>mine</html>", "noai")
        assert ask(site, WWW, "/x/y/1234").status == 404
        assert [seen.status for seen in site.requests] == [503, 200, 404]


def test_host_map(site: DemoSite) -> None:
    pairs = dict(pair.split("=") for pair in site.host_map.split(","))
    assert pairs == site.hosts
    assert pairs[EN] == f"en.highnorthnews.localhost:{site.port}"


# --- the second edition


def changed_stories() -> list[tuple[ExpectedStory, ExpectedStory]]:
    return [(a, b) for a, b in zip(expected(1), expected(2), strict=True) if a != b]


def test_the_second_edition_changes_one_article(site: DemoSite) -> None:
    ((old, new),) = changed_stories()
    assert old.url_path == new.url_path
    assert old.text != new.text
    assert old.modified_at is not None
    assert new.modified_at is not None
    assert new.modified_at > old.modified_at
    hosts = Hosts.on(1)
    for story in STORIES:
        asked = [Ask(hosts, story.host, quote(story.url_path), n, turn=0) for n in (1, 2)]
        first, second = (answer(one) for one in asked)
        assert (first == second) == (story.url_path != old.url_path)
    before = {host: (sitemap(site, host), feed(site, host)) for host in (EN, WWW)}
    etag = page_of(site, old).headers["ETag"]
    site.publish_changes()
    assert site.expected() == expected(2)
    after = {host: (sitemap(site, host), feed(site, host)) for host in (EN, WWW)}
    url = site.url(old)
    for kind in (0, 1):
        assert [u for u in after[EN][kind] if after[EN][kind][u] != before[EN][kind][u]] == [url]
    assert after[WWW] == before[WWW]
    got = ask(site, EN, old.url_path, If_None_Match=etag)
    assert got.status == 200
    assert new.subtitle in got.text


def test_the_edition_can_be_set_over_http(site: DemoSite) -> None:
    here = f"127.0.0.1:{site.port}"
    assert ask(site, here, "/__demo__/edition?n=2", "POST").body == b"edition 2\n"
    assert site.edition == 2
    assert ask(site, here, "/__demo__/edition?n=7", "POST").status == 404
    assert ask(site, here, "/__demo__/edition?n=1", "POST").status == 200
    assert site.edition == 1
    index = ask(site, here, "/__demo__/")
    assert index.status == 200
    listed = {unquote(str(href)) for href in index.html.xpath("//table//a/@href")}
    assert listed == {site.url(story) for story in STORIES}


def test_serve_prints_where_it_is_and_ends_on_sigterm() -> None:
    command = bound(sys.executable, "-c", "from nordcrawl.demo import serve; serve(0)")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline().split()[-1]
        with urllib.request.urlopen(first) as answered:
            assert answered.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=300) == 0
        rest = process.stdout.read()
    assert "en.highnorthnews.com=en.highnorthnews.localhost:" in rest
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(first, timeout=300)
