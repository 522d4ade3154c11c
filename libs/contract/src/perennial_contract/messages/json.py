"""JSON from any sender: a value that can be written again, or ValueError."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import msgspec

MAX_DEPTH: Final = 100  # of nesting; encoding a record again must not exceed Python's recursion
_HUGE: Final = 1000  # digits from which an integer is taken for infinite


def read_json(data: bytes) -> object:
    """A JSON value that can be written again.

    NaN, Infinity and numbers beyond a float's range, which some senders write though JSON has none
    of them, become null.

    Raises:
        ValueError: The bytes are not JSON, or are nested too deeply.
    """
    try:
        value = _decode(data)
    except (msgspec.MsgspecError, ValueError):
        value = _read_leniently(data)
    except RecursionError as error:
        raise ValueError(f"nested deeper than {MAX_DEPTH}") from error
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    return value


_decode = msgspec.json.Decoder().decode


def _read_leniently(data: bytes) -> object:
    try:
        value = json.loads(data.decode(), parse_int=_integer)
        return _decode(msgspec.json.encode(value))
    except RecursionError as error:
        raise ValueError(f"nested deeper than {MAX_DEPTH}") from error


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < _HUGE else float("inf")


def _depth(value: object) -> int:
    depth, level = 0, _containers([value])
    while level:
        depth += 1
        level = [found for each in level for found in _containers(_inside(each))]
    return depth


def _inside(container: Any) -> Iterable[object]:
    return container.values() if isinstance(container, dict) else container


def _containers(values: Iterable[object]) -> list[object]:
    return [value for value in values if isinstance(value, dict | list)]
