"""Real servers that alerts are delivered to: a webhook, and a mail server. Loopback only."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.processes import bound

#: A mail server of Twisted's, in a process of its own: it prints its port, and writes each mail
#: into a folder under a name that it gets when the mail is whole.
_MAIL_SERVER = """
import sys
from pathlib import Path
from twisted.internet import defer, protocol, reactor
from twisted.mail import smtp
from zope.interface import implementer

folder = Path(sys.argv[1])

@implementer(smtp.IMessage)
class Message:
    def __init__(self):
        self.lines = []

    def lineReceived(self, line):
        self.lines.append(line)

    def eomReceived(self):
        name = f"{len(list(folder.glob('*.eml'))):04}"
        (folder / f"{name}.tmp").write_bytes(b"\\n".join(self.lines))
        (folder / f"{name}.tmp").rename(folder / f"{name}.eml")
        return defer.succeed(None)

    def connectionLost(self):
        pass

@implementer(smtp.IMessageDelivery)
class Delivery:
    def receivedHeader(self, helo, origin, recipients):
        return b"Received: here"

    def validateFrom(self, helo, origin):
        return origin

    def validateTo(self, user):
        return Message

class Factory(protocol.ServerFactory):
    def buildProtocol(self, address):
        server = smtp.ESMTP()
        server.factory, server.delivery = self, Delivery()
        return server

port = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
"""


@dataclass
class Webhook:
    """A webhook that answers with `status`, and what it took when that was 200."""

    port: int = 0
    status: int = 200
    paths: list[str] = field(default_factory=list)
    """Of all requests."""
    taken: list[dict[str, Any]] = field(default_factory=list)

    def url(self, path: str = "hook", user: str = "") -> str:
        """Return its address as Apprise writes it."""
        return f"json://{user and user + '@'}127.0.0.1:{self.port}/{path}"


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Run a webhook on a port that the kernel gives."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.paths.append(self.path)
            if hook.status == 200:
                hook.taken.append(json.loads(body))
            self.send_response(hook.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Mailbox:
    """A mail server that takes whatever comes."""

    port: int
    folder: Path

    @property
    def url(self) -> str:
        """Its address as Apprise writes it, without TLS."""
        return (
            f"mailto://127.0.0.1:{self.port}?mode=insecure&from=crawler@example.org"
            "&to=you@example.org"
        )

    def mails(self) -> list[EmailMessage]:
        """Return what has come, in its order."""
        found = [
            message_from_bytes(file.read_bytes(), policy=policy.default)
            for file in sorted(self.folder.glob("*.eml"))
        ]
        return [mail for mail in found if isinstance(mail, EmailMessage)]


@contextmanager
def mailbox(folder: Path) -> Iterator[Mailbox]:
    """Run a mail server on a port that the kernel gives."""
    folder.mkdir()
    command = bound(sys.executable, "-c", _MAIL_SERVER, folder)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Mailbox(int(process.stdout.readline()), folder)
        finally:
            process.terminate()
            process.communicate()
