"""Ports of watching: the place where pipelines are, and the records of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from perennial.page.data import Page
from perennial_contract.messages.record import Record
from perennial_contract.status import Report, Verdict
from perennial_operator.api.spec import Spec

Resource = Mapping[str, Any]


class Unseen(Exception):  # noqa: N818  what it is
    """Something cannot be looked at; the message says what and why, in a sentence for a person."""


class Tail(Protocol):
    """Newest records of some topics, and those that come."""

    @property
    def held(self) -> Mapping[str, int]:
        """By topic: how many records it holds."""

    @property
    def left_out(self) -> Mapping[str, int]:
        """By topic: how many of them were not read, being older than the newest."""

    def poll(self) -> Sequence[Record]:
        """What came; it does not wait. Raises Unseen."""

    def close(self) -> None: ...


class Place(Protocol):
    """Where pipelines are; it is asked by one thread a pipeline."""

    @property
    def every(self) -> float:
        """Seconds between two looks at it."""

    def pipelines(self) -> Sequence[Resource]:
        """All of them, by name. Raises Unseen."""

    def pipeline(self, namespace: str, name: str) -> Resource | None:
        """None where there is none. Raises Unseen."""

    def problem(self) -> str:
        """Why what it shows is not of now; else empty."""

    def reports(self, resource: Resource) -> Sequence[Report] | None:
        """What the pods say of themselves, as far as they can be asked; None where none can be."""

    def verdict(self, resource: Resource, number: int) -> Verdict | None:
        """An attempt's in full; None where there is none.

        Raises:
            Unseen: The storage cannot be read from here.
        """

    def tail(self, spec: Spec, newest: Mapping[str, int]) -> Tail:
        """`newest`, by topic: how many of the records that stand there to begin with.

        Raises:
            Unseen: Kafka cannot be read from here.
        """

    def left(self, namespace: str, name: str) -> Page | None:
        """The report of a run that has ended, if it left one."""
