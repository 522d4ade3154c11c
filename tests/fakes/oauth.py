"""Token endpoint, and a Kafka broker that hears who logs in with its tokens and answers no more."""

from __future__ import annotations

import base64
import json
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Final

from tests.support.identities import serving

_API_VERSIONS, _HANDSHAKE, _AUTHENTICATE = 18, 17, 36  # requests by their numbers in the protocol
_UNSUPPORTED: Final = 35
_RANGES: Final = ((_HANDSHAKE, 0, 1), (_API_VERSIONS, 0, 0), (_AUTHENTICATE, 0, 0))


@dataclass
class TokenEndpoint:
    """Gives out a token for an hour to whoever asks, unless it refuses."""

    address: str = ""
    refuses: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Authorization header and body of each request."""

    @property
    def token(self) -> str:
        """Unsigned: nobody checks it here."""
        claims = {"sub": "perennial", "iat": 1, "exp": int(time.time()) + 3600}
        return f"{_encoded({'alg': 'none'})}.{_encoded(claims)}."


@contextmanager
def token_endpoint() -> Iterator[TokenEndpoint]:
    found = TokenEndpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found.asked.append((self.headers.get("Authorization", ""), body))
            said = {"error": "invalid_client"} if found.refuses else {"access_token": found.token}
            answer = json.dumps(said | {"token_type": "Bearer"}).encode()
            self.send_response(401 if found.refuses else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    with serving(Handler) as found.address:
        yield found


@dataclass
class OAuthBroker:
    address: str = ""
    logins: list[str] = field(default_factory=list)
    """What each client sent to log in."""


@contextmanager
def oauth_broker() -> Iterator[OAuthBroker]:
    found = OAuthBroker()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while head := self.rfile.read(4):
                (size,) = struct.unpack(">i", head)
                request = self.rfile.read(size)
                key, version, number, name = struct.unpack_from(">hhih", request)
                answer = self._answer(key, version, request[10 + max(name, 0) :])
                if answer is None:
                    return
                body = struct.pack(">i", number) + answer
                self.wfile.write(struct.pack(">i", len(body)) + body)

        def _answer(self, key: int, version: int, body: bytes) -> bytes | None:
            if key == _API_VERSIONS:
                said = _UNSUPPORTED if version else 0
                ranges = b"".join(struct.pack(">hhh", *each) for each in _RANGES)
                return struct.pack(">hi", said, len(_RANGES)) + ranges
            if key == _HANDSHAKE:
                return struct.pack(">hih", 0, 1, 11) + b"OAUTHBEARER"
            if key == _AUTHENTICATE:
                found.logins.append(body[4:].decode())
                return struct.pack(">hhi", 0, -1, 0)
            return None

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        found.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def _encoded(part: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
