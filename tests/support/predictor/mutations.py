"""Malformed events, drawn from a seed: valid ones bent in many ways, and plain noise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Final, NamedTuple


class Bent(NamedTuple):
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


_ODD: Final = (
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'""',
    b'"NaN"',
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-1e-999",
    b"1e308",
    b"-0",
    b"00",
    b"0x1f",
    b"9" * 30,
    b"9" * 5000,
    b"1." + b"0" * 400,
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\xed\xa0\x80"',
    b'"\\u0000"',
    b'"\xc0\x80"',
    b'"' + b"x" * 3000 + b'"',
    b'{"id": {"id": {"id": 1}}}',
    b"[[[[[[1]]]]]]",
)
_NAMES: Final = ("trace", "id", "", "perennial-source", "perennial-reason", "\U0001f600", "x" * 300)


def bent(seed: int, count: int) -> Iterator[Bent]:
    """As many as asked for; one in eight is a valid event."""
    draw = Random(seed)
    for number in range(count):
        value = _event(draw, number)
        for _ in range(draw.choice((0, 1, 1, 1, 1, 2, 2, 3))):
            value = draw.choice(_BENDS)(draw, value)
        nothing = draw.random() < 0.01
        yield Bent(_key(draw, number), None if nothing else value, _headers(draw))


def _event(draw: Random, number: int) -> bytes:
    person = {"age": draw.randint(0, 99), "job": draw.choice(("clerk", "nurse", "king"))}
    return json.dumps({"id": number, **person}).encode()


def _key(draw: Random, number: int) -> bytes | None:
    return draw.choice((None, b"", b"\xff\xfe", str(number).encode(), draw.randbytes(20)))


def _headers(draw: Random) -> list[tuple[str, bytes | None]]:
    if draw.random() < 0.7:
        return []
    content = (None, b"", b"\xff", b"events/0/0", draw.randbytes(8))
    return [(draw.choice(_NAMES), draw.choice(content)) for _ in range(draw.randint(1, 5))]


def _flip(draw: Random, value: bytes) -> bytes:
    bytes_ = bytearray(value)
    for _ in range(draw.randint(1, 4)):
        if bytes_:
            bytes_[draw.randrange(len(bytes_))] ^= 1 << draw.randrange(8)
    return bytes(bytes_)


def _cut(draw: Random, value: bytes) -> bytes:
    return value[: draw.randrange(len(value) + 1)]


def _insert(draw: Random, value: bytes) -> bytes:
    at = draw.randrange(len(value) + 1)
    return value[:at] + draw.randbytes(draw.randint(1, 6)) + value[at:]


def _repeat(draw: Random, value: bytes) -> bytes:
    first, last = sorted((draw.randrange(len(value) + 1), draw.randrange(len(value) + 1)))
    return value[:last] + value[first:]


def _replace(draw: Random, value: bytes) -> bytes:
    """Another kind of value in the place of one of the event's."""
    name, separator, rest = value.partition(b'": ')
    for _ in range(draw.randrange(3)):
        before, comma, after = rest.partition(b'": ')
        if comma:
            name, rest = name + separator + before, after
    end = min((at for at in (rest.find(b","), rest.find(b"}")) if at >= 0), default=len(rest))
    return name + separator + draw.choice(_ODD) + rest[end:]


def _double(draw: Random, value: bytes) -> bytes:
    """A field twice."""
    name = draw.choice((b"id", b"age", b"job", b"", b"\\u0069d"))
    return b'{"' + name + b'": ' + draw.choice(_ODD) + b", " + value.lstrip(b"{")


def _nest(draw: Random) -> bytes:
    depth = draw.choice((2, 90, 101, 1000, 5000))
    opened, closed = draw.choice(((b"[", b"]"), (b'{"id":', b"}")))
    inside = opened * depth + b"1" + (closed * depth if draw.random() < 0.8 else b"")
    return b'{"id": 1, "job": ' + inside + b"}" if draw.random() < 0.5 else inside


def _noise(draw: Random, value: bytes) -> bytes:
    return draw.randbytes(draw.randint(0, 2 * len(value)))


def _encode(draw: Random, value: bytes) -> bytes:
    text = value.decode(errors="replace")
    return draw.choice((text.encode("utf-16"), text.encode("utf-8-sig"), value + b"\x00"))


_BENDS: Final[tuple[Callable[[Random, bytes], bytes], ...]] = (
    *(_flip, _cut, _insert, _repeat, _replace, _replace, _double, _noise, _encode),
    *(lambda draw, value: _nest(draw) if draw.random() < 0.1 else _replace(draw, value),),
)
