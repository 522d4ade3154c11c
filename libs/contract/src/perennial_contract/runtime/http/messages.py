"""Messages of HTTP: the head of a request, and an answer as it is sent."""

from __future__ import annotations

import json
from email.message import Message
from http import HTTPStatus
from http.client import parse_headers
from io import BytesIO
from typing import Final, NamedTuple


class Answer(NamedTuple):
    code: HTTPStatus
    body: bytes = b"{}"
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    """Further ones."""


class Head(NamedTuple):
    """What a request begins with."""

    method: str
    path: str
    headers: Message
    kept: bool
    """Whether another request may follow on its connection."""

    @property
    def has_body(self) -> bool:
        return "Content-Length" in self.headers or "Transfer-Encoding" in self.headers


def read_head(data: bytes) -> Head:
    """The head of a request, up to and with its empty line.

    Raises:
        ValueError: It is none.
        http.client.HTTPException: It has too many headers, or too long ones.
    """
    line, _, rest = data.partition(b"\r\n")
    method, target, version = line.decode("ascii").split(" ")
    headers = parse_headers(BytesIO(rest))
    close = "close" in headers.get("Connection", "").lower()
    return Head(method, target.partition("?")[0], headers, version == "HTTP/1.1" and not close)


def written(answer: Answer, *, kept: bool) -> bytes:
    """`kept` is whether another request may follow on the connection."""
    more = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    return (
        f"HTTP/1.1 {answer.code.value} {answer.code.phrase}\r\n"
        f"Content-Type: {answer.kind}\r\n"
        f"Content-Length: {len(answer.body)}\r\n{more}"
        f"Connection: {'keep-alive' if kept else 'close'}\r\n\r\n"
    ).encode() + answer.body


def error(code: HTTPStatus, reason: str, message: str, **headers: str) -> Answer:
    """A refusal as JSON; of `headers`, underscores stand for hyphens."""
    body = json.dumps({"error": {"reason": reason, "message": message}}).encode()
    more = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(code, body, headers=more)


BUSY: Final = error(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Busy",
    "too many requests at once: ask again later, or on fewer connections",
    Retry_After="1",
)
