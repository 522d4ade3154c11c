"""Place of pipelines in the test's memory, and the records of their topics."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from perennial.page.data import Page
from perennial.watching.ports import Resource, Unseen
from perennial_contract.messages.record import Record
from perennial_contract.status import Report, Verdict
from perennial_operator.api.spec import Spec
from tests.support.perennial.pages import FIRST, V1, VERDICTS, a_status, resource


@dataclass
class Clock:
    time: float = 1_000_000.0

    def now(self) -> float:
        return self.time


@dataclass
class FakeTail:
    newest: Mapping[str, int]
    records: list[Record] = field(default_factory=list)
    held: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    away: str = ""
    closed: bool = False

    def poll(self) -> Sequence[Record]:
        if self.away:
            raise Unseen(self.away)
        found, self.records = self.records, []
        return found

    def close(self) -> None:
        self.closed = True


@dataclass
class FakePlace:
    resources: list[Resource] = field(default_factory=list)
    every: float = 5.0
    away: str = ""
    why: str = ""
    kafka_away: str = ""
    storage_away: str = ""
    said: Sequence[Report] | None = None
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)
    report: Page | None = None
    takes: Callable[[], object] = lambda: None
    asked: int = 0
    verdicts_asked: list[int] = field(default_factory=list)
    tails: list[FakeTail] = field(default_factory=list)
    held: Mapping[str, int] = field(default_factory=dict)

    def pipelines(self) -> Sequence[Resource]:
        self._count()
        return self.resources

    def pipeline(self, namespace: str, name: str) -> Resource | None:
        self._count()
        key = {"namespace": namespace, "name": name}
        found = [each for each in self.resources if key.items() <= each["metadata"].items()]
        return found[0] if found else None

    def problem(self) -> str:
        return self.why

    def reports(self, resource: Resource) -> Sequence[Report] | None:  # noqa: ARG002  the port's
        return self.said

    def verdict(self, resource: Resource, number: int) -> Verdict | None:  # noqa: ARG002  the port's
        self.verdicts_asked.append(number)
        if self.storage_away:
            raise Unseen(self.storage_away)
        return self.verdicts.get(number)

    def tail(self, spec: Spec, newest: Mapping[str, int]) -> FakeTail:  # noqa: ARG002  the port's
        if self.kafka_away:
            raise Unseen(self.kafka_away)
        self.tails.append(FakeTail(newest, held=self.held))
        return self.tails[-1]

    def left(self, namespace: str, name: str) -> Page | None:  # noqa: ARG002  the port's
        return self.report

    def _count(self) -> None:
        self.asked += 1
        self.takes()
        if self.away:
            raise Unseen(self.away)


def a_place(**more: Any) -> FakePlace:
    """The pipeline `loans` with its first model."""
    return FakePlace([resource(a_status(V1, 34, [FIRST]))], verdicts=VERDICTS, **more)
