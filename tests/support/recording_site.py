"""A site that answers byte for byte what a test says, and keeps what it sent and was sent."""

from __future__ import annotations

import socketserver
import threading
from typing import Any, Self


class RecordingSite:
    """Answers by path, others by 404. A path with an answer for ``If-None-Match`` gives that where
    the request has one."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.not_modified: dict[str, bytes] = {}
        self.sent: dict[str, list[bytes]] = {}
        """Of each path all that was sent, an item an answer."""
        self.asked: dict[str, list[bytes]] = {}
        site = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while head := self._head():
                    path = head.split(b" ")[1].decode()
                    site.asked.setdefault(path, []).append(head)
                    answer = site.answers.get(path, _NOTHING)
                    if b"\nif-none-match:" in head.lower() and path in site.not_modified:
                        answer = site.not_modified[path]
                    site.sent.setdefault(path, []).append(answer)
                    self.wfile.write(answer)

            def _head(self) -> bytes:
                lines = []
                while (line := self.rfile.readline()) not in (b"\r\n", b""):
                    lines.append(line)
                return b"".join(lines)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server: Any = Server(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def publish(self, path: str, body: bytes, *headers: bytes, chunked: bool = False) -> None:
        """Answer a path with a page: its body as it is to be sent, but for the transfer coding."""
        lines = [b"HTTP/1.1 200 OK", *headers]
        if chunked:
            lines.append(b"Transfer-Encoding: chunked")
            half = len(body) // 2
            pieces = (body[:half], body[half:], b"")
            sent = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        else:
            lines.append(b"Content-Length: %d" % len(body))
            sent = body
        self.answers[path] = b"\r\n".join(lines) + b"\r\n\r\n" + sent

    def list_pages(self, *paths: str) -> None:
        """Answer /sitemap.xml with pages."""
        urls = "".join(f"<url><loc>{self.url}{path}</loc></url>" for path in paths)
        body = f"<urlset>{urls}</urlset>".encode()
        self.publish("/sitemap.xml", body, b"Content-Type: application/xml")


_NOTHING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
