"""A small real news site on loopback, of any shape that a test needs."""

from __future__ import annotations

import hashlib
import html
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

WORDS = (
    "The harbour froze early this winter and the ferry stayed at the quay until the ice had gone. "
    "Nobody in the village could remember a December as cold as this one was. "
)


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_s: float = 0.0


def article_html(title: str, text: str, *, canonical: str = "", extra: str = "") -> bytes:
    paragraphs = "".join(f"<p>{html.escape(p)}</p>" for p in text.split("\n"))
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
      <title>{html.escape(title)} - The Paper</title>{link}
      <meta property="og:title" content="{html.escape(title)}">
      <meta property="article:published_time" content="2026-11-01T08:30:00+01:00"></head>
      <body><header><nav><a href="/">Home</a></nav></header><main><article>
      <h1>{html.escape(title)}</h1><div class="body">{paragraphs}</div></article></main>
      {extra}<footer>The Paper</footer></body></html>""".encode()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # beyond it a client waits for a second before it tries again


class Paper:
    """Serves `answers` by path; /sitemap.xml lists what `publish` put there."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.answers: dict[str, Answer] = {}
        self.lastmods: dict[str, str | None] = {}
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        """When each request came, monotonic."""
        self.open = self.most_open = 0
        """Requests being answered, and the most at once."""
        self.counting = threading.Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.requests.append(self.path)
                site.times.append(time.monotonic())
                with site.counting:
                    site.open += 1
                    site.most_open = max(site.most_open, site.open)
                try:
                    site.headers.append({k.lower(): v for k, v in self.headers.items()})
                    answer = site.answer(self.path)
                    if answer.delay_s:
                        site.stopping.wait(answer.delay_s)
                finally:
                    # Before a byte of it is sent: who has it all asks again at once, before this
                    # thread has its turn.
                    with site.counting:
                        site.open -= 1
                self.respond(answer)

            def respond(self, answer: Answer) -> None:
                etag = answer.headers.get("ETag")
                if etag and self.headers.get("If-None-Match") == etag:
                    answer = Answer(304, answer.headers)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.status != 304:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if answer.status != 304:
                    self.wfile.write(answer.body)

            def log_message(self, *args: object) -> None:
                pass

        self.stopping = threading.Event()
        self._server = Server((address, 0), Handler)
        self.port = self._server.server_port
        self.host = f"{address}:{self.port}"
        self.url = f"http://{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> Answer:
        if path in self.answers:
            return self.answers[path]
        if path == "/sitemap.xml":
            return self.sitemap()
        return Answer(404, {}, b"not found")

    def sitemap(self) -> Answer:
        entries = "".join(
            f"<url><loc>{self.url}{html.escape(path)}</loc>"
            + (f"<lastmod>{lastmod}</lastmod>" if lastmod else "")
            + "</url>"
            for path, lastmod in self.lastmods.items()
        )
        return Answer(
            200, {"Content-Type": "application/xml"}, f"<urlset>{entries}</urlset>".encode()
        )

    def publish(
        self,
        path: str,
        title: str,
        text: str | None = None,
        *,
        lastmod: str | None = "2026-11-01T08:30:00Z",
        canonical: str = "",
        extra: str = "",
        delay_s: float = 0.0,
    ) -> None:
        body = article_html(
            title, text or f"{title}. {WORDS * 3}", canonical=canonical, extra=extra
        )
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"Content-Type": "text/html; charset=utf-8", "ETag": etag}
        self.answers[path] = Answer(200, headers, body, delay_s)
        self.lastmods[path] = lastmod

    def source(self, folder: Path, *lines: str, name: str = "paper") -> Path:
        """Write a source file for this site, and return its path."""
        path = folder / f"{name}.toml"
        text = [
            f"[sources.{name}]",
            'title = "The Paper"',
            f'hosts = {{ "{self.host}" = "en" }}',
            'sitemaps = ["/sitemap.xml"]',
            *(lines or ["article_urls = ['^/news/']"]),
        ]
        path.write_text("\n".join(text) + "\n", encoding="utf-8")
        return path
