"""Servers of a workload's identity: who exchanges a pod's token for credentials, and S3 itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs

_ANSWER: Final = """\
<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{key.id}</AccessKeyId>
<SecretAccessKey>{key.secret}</SecretAccessKey><SessionToken>{key.token}</SessionToken>
<Expiration>{until}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""
_ERROR: Final = """\
<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"""
_ABSENT: Final = "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>"


@dataclass(frozen=True)
class Credentials:
    id: str
    secret: str
    token: str


@dataclass
class Identities:
    """Answers AssumeRoleWithWebIdentity, and GETs of an S3 that holds nothing."""

    address: str = ""
    credentials: Credentials = Credentials("pod", "secret", "session")
    life: timedelta = timedelta(hours=1)
    refusal: str = ""
    """The code of an error that is answered instead."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The parameters of each exchange."""
    tokens: list[str] = field(default_factory=list)
    """The session token of each GET."""

    def exchange(self, body: str) -> tuple[int, str]:
        self.asked.append({name: value for name, (value,) in parse_qs(body).items()})
        if self.refusal:
            return 400, _ERROR.format(code=self.refusal)
        until = (datetime.now(UTC) + self.life).isoformat()
        return 200, _ANSWER.format(key=self.credentials, until=until)


@contextmanager
def identities(**changed: object) -> Iterator[Identities]:
    found = Identities(**changed)  # type: ignore[arg-type]  # fields of it

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self._answer(*found.exchange(self.rfile.read(length).decode()))

        def do_GET(self) -> None:
            found.tokens.append(self.headers.get("x-amz-security-token", ""))
            self._answer(404, _ABSENT)

        def _answer(self, code: int, body: str) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    with serving(Handler) as found.address:
        yield found


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
