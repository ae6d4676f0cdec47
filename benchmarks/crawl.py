"""Crawl the same site with nordcrawl and with the solution that anyone would write first.

The first solution: a Scrapy spider over the sitemap, trafilatura in its item pipeline, a JSON Lines
feed. Both run in processes of their own, in turn, against one server on loopback that serves
articles made of the demo's stories, blown up to the size of a real page, and gzipped as real ones
are. Printed are the ratios of each pair; absolute figures say more of the machine than of us.

The CPU of the crawler's process and that of its workers are told apart, from the first page asked
for to the end, in milliseconds a page: the workers go with their number, the crawler is one.
Usage: crawl.py [PAGES] [PAIRS] [KB A PAGE]
"""

from __future__ import annotations

import gzip
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from nordcrawl.demo import expected

FIRST_SOLUTION = """
import scrapy, trafilatura
from scrapy.spiders import SitemapSpider

class Extract:
    def process_item(self, item):
        found = trafilatura.bare_extraction(item.pop("body"), url=item["url"], with_metadata=True)
        return item | {"title": found.title, "text": found.text}

class Spider(SitemapSpider):
    name = "first"
    sitemap_urls = ["SITEMAP"]
    custom_settings = {"ROBOTSTXT_OBEY": True, "LOG_LEVEL": "WARNING", "CONCURRENT_REQUESTS": 32,
                       "ITEM_PIPELINES": {Extract: 1}, "FEEDS": {"out.jsonl": {}}}

    def parse(self, response):
        yield {"url": response.url, "body": response.body}
"""

#: Seconds between two looks at what the processes have spent.
_LOOK_S = 0.05


@dataclass(frozen=True)
class Cost:
    wall_s: float
    peak_mib: float
    """Largest resident size of the crawler's process; workers have one of their own."""
    crawler_ms: float
    """CPU of the crawler's process for each page, from the first one asked for to the end."""
    workers_ms: float
    """The same of the processes that it started, and that leave its own accounting."""


class Site:
    """The server, which takes note of what was spent when the first page was asked for."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        self.session = 0
        self.before: dict[int, float] = {}

    def page_is_asked(self) -> None:
        if self.session and not self.before:
            self.before = cpu(self.session)


def cpu(session: int) -> dict[int, float]:
    """Return the CPU seconds of each process of a session. Source: proc_pid_stat(5)."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(fields[3]) == session:
            ticks = int(fields[11]) + int(fields[12])
            found[int(folder.name)] = ticks / os.sysconf("SC_CLK_TCK")
    return found


def page(number: int, filler: str, size_bytes: int) -> bytes:
    stories = expected()
    story = stories[number % len(stories)]
    text = "".join(f"<p>{line}</p>" for line in story.text.split("\n") if line)
    title = f"{story.title} ({number})"
    start = f"""<!doctype html><html lang="{story.language}"><head><title>{title}</title>
      <meta property="og:title" content="{title}"></head><body><nav>{filler}</nav><main><article>
      <h1>{title}</h1><p>Number {number} of the series, told once more.</p>{text}</article></main>
      <aside>{filler}</aside>"""
    # Most of a real page is what its scripts read.
    entries = (f'{{"id":{number * 7 + n},"seen":{n * n}}},' for n in itertools.count())
    left = size_bytes - len(start.encode())
    state = "".join(itertools.islice(entries, max(0, left // 25)))
    return f"{start}<script>window.state=[{state}0]</script></body></html>".encode()


def serve(count: int, size_bytes: int) -> Site:
    teaser = '<div class="teaser"><a href="/x"><h3>Another story of the north</h3></a></div>'
    filler = teaser * 300
    pages = {
        f"/news/{n}": gzip.compress(page(n, filler, size_bytes), 6, mtime=0) for n in range(count)
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            root = f"http://{self.headers['Host']}"
            if self.path == "/sitemap.xml":
                entries = "".join(f"<url><loc>{root}{path}</loc></url>" for path in pages)
                body, kind = f"<urlset>{entries}</urlset>".encode(), "application/xml"
            else:
                site.page_is_asked()
                body, kind = pages.get(self.path, b""), "text/html; charset=utf-8"
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            if body and kind.startswith("text/html"):
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site = Site(server)
    return site


def run(command: list[str], folder: Path, site: Site, count: int, **variables: str) -> Cost:
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=os.environ | variables,
                               start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    site.session, site.before = process.pid, {}
    spent: dict[int, float] = {}
    while True:
        spent |= cpu(process.pid)  # of a worker that was replaced, the latest counts
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        time.sleep(_LOOK_S)
    site.session = 0
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    before = site.before
    own = usage.ru_utime + usage.ru_stime - before.get(process.pid, 0.0)
    others = sum(s - before.get(pid, 0.0) for pid, s in spent.items() if pid != process.pid)
    wall = time.monotonic() - began
    return Cost(wall, usage.ru_maxrss / 1024, 1000 * own / count, 1000 * others / count)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    size_kb = int(sys.argv[3]) if len(sys.argv) > 3 else 250
    site = serve(count, size_kb * 1000)
    host = f"127.0.0.1:{site.server.server_port}"
    walls, peaks, crawlers = [], [], []
    for number in range(pairs):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "bench.toml").write_text(
                f'[sources.bench]\ntitle = "Bench"\nhosts = {{ "{host}" = "en" }}\n'
                "sitemaps = ['/sitemap.xml']\narticle_urls = ['^/news/']\n"
            )
            spider = folder / "first.py"
            spider.write_text(FIRST_SOLUTION.replace("SITEMAP", f"http://{host}/sitemap.xml"))
            first = run([sys.executable, "-m", "scrapy", "runspider", str(spider)], folder,
                        site, count)  # fmt: skip
            ours = run(
                [sys.executable, "-m", "nordcrawl", "crawl", "bench"],
                folder,
                site,
                count,
                NORDCRAWL_SOURCES=str(folder / "bench.toml"),
                NORDCRAWL_ARCHIVE=str(folder / "archive"),
                NORDCRAWL_STATE_DIR=str(folder / "state"),
            )
            walls.append(first.wall_s / ours.wall_s)
            peaks.append(ours.peak_mib / first.peak_mib)
            crawlers.append(ours.crawler_ms)
            print(
                f"pair {number + 1}: {count} pages of {size_kb} kB; "
                f"first solution {first.wall_s:.1f} s and {first.peak_mib:.0f} MiB, "
                f"nordcrawl {ours.wall_s:.1f} s and {ours.peak_mib:.0f} MiB; "
                f"{walls[-1]:.2f} times its pages/s, {peaks[-1]:.2f} times its peak memory; "
                f"CPU a page: first solution {first.crawler_ms:.1f} ms, "
                f"nordcrawl {ours.crawler_ms:.1f} ms in the crawler "
                f"and {ours.workers_ms:.1f} ms in workers",
                flush=True,
            )
    print(
        f"median: {statistics.median(walls):.2f} times the pages/s, "
        f"{statistics.median(peaks):.2f} times the crawler's peak memory; "
        f"{statistics.median(crawlers):.1f} ms of CPU a page in the crawler"
    )
    site.server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
