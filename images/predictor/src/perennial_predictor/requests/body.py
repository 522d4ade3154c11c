"""Body of a request: one message of the events topic, or a JSON array of several."""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from typing import Final

MOST: Final = 1000  # messages of an array
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_DECODER: Final = JSONDecoder(parse_int=len, parse_float=len)  # the values are not used


class NoMessages(ValueError):  # noqa: N818  what has been found
    """A body that is no array of messages, though it begins like one."""


class TooMany(NoMessages):
    """An array of more messages than are answered at once."""


def is_array(body: bytes) -> bool:
    return body.lstrip(b" \t\n\r")[:1] == b"["


def messages_of(body: bytes) -> list[bytes]:
    """The items of an array, each as it is written there: how it is read is the reader's affair.

    Raises:
        NoMessages: The array cannot be told apart into its items.
        TooMany: There are more than MOST.
    """
    try:
        text = body.decode()
        return _items(text, _after_space(text, text.index("[") + 1))
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise NoMessages(str(error)) from error
    except IndexError as error:
        raise NoMessages("the array does not end") from error
    except RecursionError as error:
        raise NoMessages("it is nested too deeply") from error


def _items(text: str, at: int) -> list[bytes]:
    found: list[bytes] = []
    separator = ","
    if text[at] == "]":
        separator, at = "]", _after_space(text, at + 1)
    while separator == ",":
        if len(found) == MOST:
            raise TooMany(f"an array holds at most {MOST} events")
        _, end = _DECODER.raw_decode(text, at)
        found.append(text[at:end].encode())
        end = _after_space(text, end)
        separator, at = text[end], _after_space(text, end + 1)
    if separator != "]" or at != len(text):
        raise NoMessages("it is no array of JSON values")
    return found


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
