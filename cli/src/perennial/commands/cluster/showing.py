"""Showing of a topic: a line for each of its newest records, and for those that come."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from perennial.adapters.brokers.connection import Connection
from perennial.adapters.brokers.topic import Topic
from perennial.messages.newest import Newest
from perennial_contract.messages.record import Record

MOST: Final = 1000  # that are kept in memory
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")]
Last = Annotated[int, typer.Option(min=0, max=MOST, help="How many of the newest.")]


def show(  # noqa: PLR0913  what is shown, and how
    connection: Connection,
    name: str,
    wanted: Callable[[Record], bool],
    shown: Callable[[Record], str | dict[str, Any]],
    last: int,
    *,
    follow: bool,
) -> None:
    """Prints the newest `last` of those that are `wanted`; with `follow` until Ctrl-C.

    Raises:
        KafkaTrouble: The topic cannot be read.
    """
    with Topic(connection, name) as topic:
        edges = topic.edges()
        for record in Newest(last, wanted, edges).look(topic) if last else ():
            _print(shown(record))
        if not follow:
            return
        ends = {partition: each.end for partition, each in edges.items()}
        for record in topic.follow(ends, _waiting):
            if wanted(record):
                _print(shown(record))


def _print(shown: str | dict[str, Any]) -> None:
    """At once, also into a pipe."""
    print(shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False), flush=True)


def _waiting(why: str) -> None:
    print(f"perennial: {why}; waiting", file=sys.stderr)
