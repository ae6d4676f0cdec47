"""Crawl the same site with nordcrawl and with the solution that anyone would write first.

The first solution: a Scrapy spider over the sitemap, trafilatura in its item pipeline, a JSON Lines
feed. Both run in processes of their own, in turn, against one server on loopback that serves
articles made of the demo's stories, blown up to the size of a real page. Printed are the ratios of
each pair; absolute figures say more of the machine than of us. Usage: crawl.py [PAGES] [PAIRS]
"""

from __future__ import annotations

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


@dataclass(frozen=True)
class Cost:
    wall_s: float
    peak_mib: float
    """Largest resident size of the crawler's process; workers have one of their own."""


def page(number: int, filler: str) -> bytes:
    stories = expected()
    story = stories[number % len(stories)]
    text = "".join(f"<p>{line}</p>" for line in story.text.split("\n") if line)
    title = f"{story.title} ({number})"
    return f"""<!doctype html><html lang="{story.language}"><head><title>{title}</title>
      <meta property="og:title" content="{title}"></head><body><nav>{filler}</nav><main><article>
      <h1>{title}</h1><p>Number {number} of the series, told once more.</p>{text}</article></main>
      <aside>{filler}</aside></body></html>""".encode()


def serve(count: int) -> ThreadingHTTPServer:
    teaser = '<div class="teaser"><a href="/x"><h3>Another story of the north</h3></a></div>'
    filler = teaser * 300
    pages = {f"/news/{n}": page(n, filler) for n in range(count)}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            root = f"http://{self.headers['Host']}"
            if self.path == "/sitemap.xml":
                entries = "".join(f"<url><loc>{root}{path}</loc></url>" for path in pages)
                body, kind = f"<urlset>{entries}</urlset>".encode(), "application/xml"
            else:
                body, kind = pages.get(self.path, b""), "text/html; charset=utf-8"
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def run(command: list[str], folder: Path, **variables: str) -> Cost:
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=os.environ | variables,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(time.monotonic() - began, usage.ru_maxrss / 1024)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    server = serve(count)
    host = f"127.0.0.1:{server.server_port}"
    walls, peaks = [], []
    for number in range(pairs):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "bench.toml").write_text(
                f'[sources.bench]\ntitle = "Bench"\nhosts = {{ "{host}" = "en" }}\n'
                "sitemaps = ['/sitemap.xml']\narticle_urls = ['^/news/']\n"
            )
            spider = folder / "first.py"
            spider.write_text(FIRST_SOLUTION.replace("SITEMAP", f"http://{host}/sitemap.xml"))
            first = run([sys.executable, "-m", "scrapy", "runspider", str(spider)], folder)
            ours = run(
                [sys.executable, "-m", "nordcrawl", "crawl", "bench"],
                folder,
                NORDCRAWL_SOURCES=str(folder / "bench.toml"),
                NORDCRAWL_ARCHIVE=str(folder / "archive"),
                NORDCRAWL_STATE_DIR=str(folder / "state"),
            )
            walls.append(first.wall_s / ours.wall_s)
            peaks.append(ours.peak_mib / first.peak_mib)
            print(
                f"pair {number + 1}: {count} pages; first solution {first.wall_s:.1f} s and "
                f"{first.peak_mib:.0f} MiB, nordcrawl {ours.wall_s:.1f} s and {ours.peak_mib:.0f} "
                f"MiB; {walls[-1]:.2f} times its pages/s, {peaks[-1]:.2f} times its peak memory",
                flush=True,
            )
    print(
        f"median: {statistics.median(walls):.2f} times the pages/s, "
        f"{statistics.median(peaks):.2f} times the crawler's peak memory"
    )
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
