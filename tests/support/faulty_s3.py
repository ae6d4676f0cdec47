"""A faulty way to a store: an HTTP proxy that fails as told, and a store that checks nothing.

`served(forward_to(...))` is a proxy before a real server; it meets each request with the next
fault of its script that wants it. `CarelessStore` is a bucket in memory, for what no real server
does: it believes any bytes, and can be told to ignore or refuse conditions and to hash otherwise.
"""

from __future__ import annotations

import hashlib
import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


@dataclass
class Request:
    """A request as it arrived; a fault may change it before it is forwarded."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    given_up: Callable[[], None] = lambda: None
    """Return when the client has closed the connection, being tired of waiting."""


@dataclass
class Answer:
    """What a client gets."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Forward = Callable[[Request], Answer]
Act = Callable[[Request, Forward], Answer | None]
"""Answers a request, or returns None: then the connection is reset."""


@dataclass
class Fault:
    """What to do to the next `times` requests of this method (* for any) whose path ends so, or
    to every `every`-th of them.
    """

    act: Act
    method: str = "PUT"
    times: int = 1
    ending: str = ""
    every: int = 1
    count: int = 0

    def wants(self, request: Request) -> bool:
        path = urlsplit(request.path).path
        if self.times == 0 or self.method not in ("*", request.method):
            return False
        if not path.endswith(self.ending):
            return False
        self.count += 1
        return self.count % self.every == 0


def error(status: int, code: str, message: str = "so the test wants it") -> Act:
    """Answer with an S3 error, without asking the server."""
    xml = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    headers = {"Content-Type": "application/xml"}
    return lambda request, forward: Answer(
        status, b"" if request.method == "HEAD" else xml.encode(), headers
    )


def html(status: int, headers: dict[str, str] | None = None) -> Act:
    """Answer as a captive portal does."""
    page = b"<html><body><h1>Welcome to the airport</h1></body></html>"
    always = {"Content-Type": "text/html", "Location": "https://portal.invalid/"}
    return lambda request, forward: Answer(status, page, always | (headers or {}))


def reset(request: Request, forward: Forward) -> Answer | None:
    """Reset the connection; the server hears nothing."""
    return None


def reset_after(request: Request, forward: Forward) -> Answer | None:
    """Let the server act, then lose its answer."""
    forward(request)
    return None


def error_after(request: Request, forward: Forward) -> Answer | None:
    """Let the server act, then answer 500."""
    forward(request)
    return error(500, "InternalError")(request, forward)


def hollow_success(request: Request, forward: Forward) -> Answer | None:
    """Say what a good store says, echoing the checksum, and store nothing."""
    return Answer(
        200,
        headers={
            "ETag": f'"{hashlib.md5(request.body).hexdigest()}"',
            "x-amz-checksum-sha256": request.headers.get("x-amz-checksum-sha256", ""),
        },
    )


def flip(request: Request, forward: Forward) -> Answer | None:
    """Change one byte of the body on its way to the server."""
    request.body = bytes([request.body[0] ^ 1]) + request.body[1:]
    return forward(request)


def truncate(request: Request, forward: Forward) -> Answer | None:
    """Give the server half of the body, as if it were all."""
    request.body = request.body[: len(request.body) // 2]
    return forward(request)


def flip_answer(request: Request, forward: Forward) -> Answer | None:
    """Change one byte of the answer's body."""
    answer = forward(request)
    answer.body = bytes([answer.body[0] ^ 1]) + answer.body[1:]
    return answer


def truncate_answer(request: Request, forward: Forward) -> Answer | None:
    """Announce the whole body, send half of it, and close the connection."""
    answer = forward(request)
    whole = str(len(answer.body))
    answer.headers |= {"Connection": "close"}
    if request.method != "HEAD":
        answer.headers |= {"Content-Length": whole}
    answer.body = answer.body[: len(answer.body) // 2]
    return answer


def without_length(request: Request, forward: Forward) -> Answer | None:
    """Answer as a proxy does that does not know how much will come."""
    answer = forward(request)
    answer.headers |= {"Content-Length": "", "Connection": "close"}
    return answer


def late_answer(seconds: float) -> Act:
    """Let the server act at once, and answer late."""

    def act(request: Request, forward: Forward) -> Answer | None:
        answer = forward(request)
        time.sleep(seconds)
        return answer

    return act


def answer_too_late(request: Request, forward: Forward) -> Answer | None:
    """Let the server act at once, and answer when the client has given up."""
    answer = forward(request)
    request.given_up()
    return answer


def act_too_late(request: Request, forward: Forward) -> Answer | None:
    """Say nothing until the client has given up; then let the server act."""
    request.given_up()
    return forward(request)


def altered(**headers: str) -> Act:
    """Answer as the server does, with other headers: underscores stand for hyphens."""

    def act(request: Request, forward: Forward) -> Answer | None:
        answer = forward(request)
        changed = {name.replace("_", "-").lower(): text for name, text in headers.items()}
        kept = {name: text for name, text in answer.headers.items() if name.lower() not in changed}
        answer.headers = kept | changed
        return answer

    return act


@contextmanager
def black_hole() -> Iterator[str]:
    """Yield an endpoint that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


class Server(ThreadingHTTPServer):
    """Answers by `forward`, but for what the script of `faults` says; `seen` is what came."""

    daemon_threads = True
    request_queue_size = 64
    read_rate: float = 0
    """Bytes a second at which bodies are taken; 0 = as they come."""

    def __init__(self, forward: Forward) -> None:
        """Takes a free port, on which connections are refused until `start`."""
        self.forward = forward
        self.faults: list[Fault] = []
        self.seen: list[str] = []
        self.lock = threading.Lock()
        self._thread: threading.Thread | None = None
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.server_bind()

    def start(self) -> None:
        """Answer from now on."""
        self.server_activate()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, and give the port back."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
        self.server_close()

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        super().server_bind()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients of a faulty server break off."""

    def answer(self, request: Request) -> Answer | None:
        with self.lock:
            self.seen.append(f"{request.method} {urlsplit(request.path).path}")
            fault = next((fault for fault in self.faults if fault.wants(request)), None)
            if fault:
                fault.times -= 1
        return fault.act(request, self.forward) if fault else self.forward(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self._body(length)
        headers = dict(self.headers.items())
        request = Request(self.command, self.path, headers, body, self._until_given_up)
        answer = self.server.answer(request)
        if answer is None:
            # Linger of 0 s: close() sends RST, not FIN.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in ({"Content-Length": str(len(answer.body))} | answer.headers).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _serve  # noqa: N815

    def _until_given_up(self) -> None:
        with suppress(OSError):  # a reset is one, too
            while self.connection.recv(1, socket.MSG_PEEK):
                time.sleep(0.01)  # it said more, which it does not

    def _body(self, length: int) -> bytes:
        if not self.server.read_rate:
            return self.rfile.read(length)
        pieces = []
        while length > 0:
            piece = self.rfile.read1(min(length, 64 * 1024))
            if not piece:  # the client has given up
                break
            length -= len(piece)
            pieces.append(piece)
            time.sleep(len(piece) / self.server.read_rate)
        return b"".join(pieces)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Say nothing on stderr."""


@contextmanager
def served(forward: Forward, *, down: bool = False) -> Iterator[Server]:
    """Run a `Server` on loopback, at once or, if it is `down`, as soon as it is started."""
    server = Server(forward)
    try:
        if not down:
            server.start()
        yield server
    finally:
        server.stop()


def endpoint(server: Server) -> str:
    """Return the URL of a server."""
    return f"http://127.0.0.1:{server.server_address[1]}"


def forward_to(upstream: str) -> Forward:
    """Forward each request to a real server, by a connection of its own.

    The Host header stays as the client signed it.
    """
    address = urlsplit(upstream).netloc

    def forward(request: Request) -> Answer:
        connection = http.client.HTTPConnection(address, timeout=300)
        # Neither is signed; the body is forwarded whole.
        hop = ("expect", "connection", "content-length")
        headers = {name: text for name, text in request.headers.items() if name.lower() not in hop}
        headers["Content-Length"] = str(len(request.body))
        try:
            connection.request(request.method, request.path, request.body, headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            with suppress(OSError):
                connection.close()
        drop: tuple[str, ...] = ("transfer-encoding", "connection")
        if request.method != "HEAD":  # else the length is that of the object
            drop += ("content-length",)
        kept = {name: text for name, text in answer.getheaders() if name.lower() not in drop}
        return Answer(answer.status, body, kept)

    return forward


@dataclass
class CarelessStore:
    """A bucket in memory that believes everything; call it to be answered."""

    conditions: str = "honoured"
    """Or "ignored", or "refused" (501)."""
    md5_etags: bool = True
    keeps_metadata: bool = True
    checksum_refusal: tuple[int, str, str] | None = None
    """Status, code and message of its answer to a put with a SHA-256."""
    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Answer:
        key = unquote(urlsplit(request.path).path)
        with self.lock:
            if request.method == "PUT":
                return self._put(key, request)
            return self._get(key, request)

    def _put(self, key: str, request: Request) -> Answer:
        headers = {name.lower(): text for name, text in request.headers.items()}
        if self.checksum_refusal and "x-amz-checksum-sha256" in headers:
            return error(*self.checksum_refusal)(request, self) or Answer(400)
        condition = {
            name: headers[name] for name in ("if-none-match", "if-match") if name in headers
        }
        if condition and self.conditions == "refused":
            return error(501, "NotImplemented")(request, self) or Answer(501)
        if condition and self.conditions == "honoured":
            there = self.objects.get(key)
            wanted = condition.get("if-match")
            is_it = bool(there and wanted and there[1]["ETag"].strip('"') == wanted.strip('"'))
            if (wanted and not is_it) or (there and not wanted):
                return error(412, "PreconditionFailed")(request, self) or Answer(412)
        digest = hashlib.md5(request.body).hexdigest()
        etag = f'"{digest}"' if self.md5_etags else f'"{hashlib.sha1(request.body).hexdigest()}"'
        kept = {"ETag": etag}
        if self.keeps_metadata:
            kept |= {name: text for name, text in headers.items() if name.startswith("x-amz-meta-")}
        self.objects[key] = (request.body, kept)
        return Answer(200, headers={"ETag": etag})

    def _get(self, key: str, request: Request) -> Answer:
        if key not in self.objects:
            return error(404, "NoSuchKey")(request, self) or Answer(404)
        body, headers = self.objects[key]
        if request.method == "HEAD":
            return Answer(200, headers={**headers, "Content-Length": str(len(body))})
        return Answer(200, body, dict(headers))
