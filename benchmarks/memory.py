"""Crawl plain and hostile pages with two workers, and say how much memory the processes held.

Counted is the proportional set size (PSS) of the crawler, its fork server and its workers together:
pages that they share count once. The limit is that of docs/operations.md; what is above it ends
with status 1. Usage: memory.py [PAGES]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from crawl import page  # type: ignore[import-not-found]  # of this folder

LIMIT_MIB = 512
PAGE_BYTES = 50_000
TEASER = '<div class="teaser"><a href="/x"><h3>Another story of the north</h3></a></div>'
LINE = "<p>This is a line of text that is long enough to be one, and it says number {}.</p>"
STORY = "".join(LINE.format(n) for n in range(20))


def around(body: str, head: str = "") -> bytes:
    return (
        f"<!doctype html><html lang='en'><head><title>Hostile</title>{head}</head><body><article>"
        f"<h1>Hostile</h1>{body}</article></body></html>"
    ).encode()


def hostile() -> dict[str, bytes]:
    """Return pages that are large or odd, by name."""
    attributes = " ".join(f"a{n}='{n}'" for n in range(600_000))
    text = "word " * 1000
    return {
        "attributes": around(f"<p {attributes}>x</p>{STORY}"),
        "paragraphs": around("<p>" * 2_260_000),
        "many paragraphs": around("".join(LINE.format(n) for n in range(20_000))),
        "breaks": around(STORY + "<br>" * 1_000_000),
        "some breaks": around(STORY + "<br>x" * 190_000),
        "links": around(STORY + "<a href='/x'>link</a>" * 95_000),
        "deep": around("<div>" * 150_000 + STORY),
        "long text": around(f"<p>{text * 2000}</p>{STORY}"),
        "wide": around(STORY + f"<p>{'ø𝔘' * 1_500_000}</p>"),
        "json-ld": around(
            STORY,
            '<script type="application/ld+json">{"@type":"NewsArticle","articleBody":"'
            + text * 1000
            + '"}</script>',
        ),
        "json-ld list": around(
            STORY,
            f'<script type="application/ld+json">[{",".join(["{}"] * 1_600_000)}]</script>',
        ),
    }


def serve(pages: dict[str, bytes]) -> ThreadingHTTPServer:
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


def tree(pid: int) -> list[int]:
    """Return the process and all below it."""
    found = [pid]
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += tree(int(child))
    except OSError:
        pass
    return found


def pss_mib(pid: int) -> float:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:  # it has ended
        pass
    return 0.0


def peak(pages: dict[str, bytes]) -> tuple[float, list[float]]:
    """Crawl the pages; return the most that all processes held together, in MiB, and each then."""
    server = serve(pages)
    host = f"127.0.0.1:{server.server_port}"
    most: tuple[float, list[float]] = (0.0, [])
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "bench.toml").write_text(
            f'[sources.bench]\ntitle = "Bench"\nhosts = {{ "{host}" = "en" }}\n'
            "sitemaps = ['/sitemap.xml']\narticle_urls = ['^/news/']\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "nordcrawl", "crawl", "bench"],
            cwd=folder,
            env=os.environ
            | {
                "NORDCRAWL_SOURCES": str(folder / "bench.toml"),
                "NORDCRAWL_ARCHIVE": str(folder / "archive"),
                "NORDCRAWL_STATE_DIR": str(folder / "state"),
                "NORDCRAWL_WORKERS": "2",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None:
            each = [pss_mib(pid) for pid in tree(process.pid)]
            most = max(most, (sum(each), each))
            time.sleep(0.02)
    server.shutdown()
    return most


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    filler = TEASER * 300
    plain = {f"/news/{n}": page(n, filler, PAGE_BYTES) for n in range(count)}
    odd = {
        f"/news/{name.replace(' ', '-')}-{n}": body
        for name, body in hostile().items()
        for n in range(2)
    }
    worst = 0.0
    for name, pages in (("plain", plain), ("hostile", odd)):
        most, each = peak(pages)
        worst = max(worst, most)
        shares = ", ".join(f"{share:.0f}" for share in each if share >= 1)
        print(
            f"{name}: {len(pages)} pages, {most:.0f} MiB at most (processes: {shares})", flush=True
        )
    print(f"limit {LIMIT_MIB} MiB: {'kept' if worst <= LIMIT_MIB else 'exceeded'}")
    return int(worst > LIMIT_MIB)


if __name__ == "__main__":
    sys.exit(main())
