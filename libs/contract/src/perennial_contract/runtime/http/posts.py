"""Posts: routes that take a body, of a bounded size that is known before it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from typing import Final

from perennial_contract.runtime.http.messages import Answer, Head, error

_DIGITS: Final = 18  # of a length: more of them are too large in any case


@dataclass(frozen=True, slots=True)
class Post:
    most: int
    """Bytes of a body."""
    admit: Callable[[Message], Answer | None]
    """Why a request with these headers is refused before its body is read, if it is."""
    answer: Callable[[Message, bytes], Answer]


Posts = Mapping[str, Post]


def admitted(post: Post, head: Head) -> int | Answer:
    """The length of the body that is to be read, or why it is not."""
    if head.method != "POST":
        message = f"{head.method} is not allowed: POST is"
        return error(HTTPStatus.METHOD_NOT_ALLOWED, "NotAllowed", message, Allow="POST")
    given = head.headers.get_all("Content-Length", [])
    if "Transfer-Encoding" in head.headers or not given:
        message = "send the length of the body, Content-Length, and not in chunks"
        return error(HTTPStatus.LENGTH_REQUIRED, "NoLength", message)
    length = given[0].strip()
    if len(given) > 1 or not (length.isascii() and length.isdigit()):
        return error(HTTPStatus.BAD_REQUEST, "NoLength", "Content-Length is not one number")
    if len(length) > _DIGITS or int(length) > post.most:
        message = f"the body is longer than {post.most} bytes"
        return error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TooLarge", message)
    return post.admit(head.headers) or int(length)
