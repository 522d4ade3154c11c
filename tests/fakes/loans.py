"""Pipeline inside the test's process: it answers the demo, counts labels, and retrains."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from perennial.display.frame import Scene
from perennial.pipeline import load
from perennial.report.view import View, read
from perennial.stream.accuracy import Accuracy, Answer
from perennial.stream.traffic import Issue, Traffic
from perennial.world.agrawal import label
from perennial.world.rows import Applications
from perennial_operator.api.attempts import AttemptOutcome, HistoryEntry, Trigger
from tests.support.examples.builders import LOANS as LOANS_FILE

PIPELINE = load(LOANS_FILE)


def entry(
    number: int, outcome: AttemptOutcome = AttemptOutcome.REJECTED, **more: Any
) -> HistoryEntry:
    """An attempt that has ended; a promoted one published v<number>."""
    promoted = outcome is AttemptOutcome.PROMOTED
    usual = {
        "trigger": Trigger.THRESHOLD,
        "reason": "Better" if promoted else "NoGain",
        "message": "since-rise: log loss 0.2 instead of 1.3" if promoted else "no gain: kept v1",
        "version": version(number) if promoted else "",
        "started_at": datetime.fromtimestamp(0, UTC),
        "ended_at": datetime.fromtimestamp(0, UTC),
    }
    return HistoryEntry(number=number, outcome=outcome, **{**usual, **more})


def version(number: int) -> str:
    return f"v{number}-{number:08x}"


class FakeClock:
    """Time that passes when someone pauses."""

    def __init__(self) -> None:
        self.time = 1_000.0

    def now(self) -> float:
        return self.time

    def pause(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class FakeLoans:
    """Cluster and stream in one: `learns` tells whether an attempt sees what changed."""

    clock: FakeClock
    rows: Applications = field(default_factory=lambda: Applications(1))
    trains: float = 15.0
    """Seconds that an attempt takes."""
    learns: bool = True
    started: bool = False
    known: int = 7
    """The function that the serving model has learned."""
    labels: int = 0
    handled: int = 0
    running: tuple[float, int, int] | None = None
    """When the attempt was recorded, its function and its watermark."""
    changed_at: int = 0
    """How many labels there were when the world changed."""
    ended: list[HistoryEntry] = field(default_factory=lambda: [entry(1, AttemptOutcome.PROMOTED)])

    def __post_init__(self) -> None:
        self.traffic = Traffic(PIPELINE, "fake", self.rows)

    @property
    def over(self) -> bool:
        return self.traffic.over

    def start(self) -> None:
        self.started = True

    def finish(self) -> None:
        self.started = False

    def drain(self, accuracy: Accuracy) -> None:
        due = self.traffic.due(self.clock.now()) if self.started else None
        events = {} if due is None else {i.id: i for i in due.issues}
        for message in due.messages if due else ():
            if message.topic == PIPELINE.labels:
                self.labels += 1
            else:
                self._answer(events[message.key], message.value, accuracy)

    def _answer(self, issue: Issue, value: bytes, accuracy: Accuracy) -> None:
        record = json.loads(value)[PIPELINE.record]
        accuracy.issue(issue)
        model = [e.version for e in self.ended if e.version][-1]
        accuracy.answer(Answer(issue.id, label(self.known, record), model, self.clock.now()))

    def look(self) -> View:
        return read(self.resource(), (("NAME", "loans"), ("READY", "True")))

    def resource(self) -> dict[str, Any]:
        """The ModelPipeline."""
        now = self.clock.now()
        if self.running and now - self.running[0] >= self.trains:
            self._end()
        if not self.running and self.labels - self.handled >= PIPELINE.threshold:
            function = self.rows.function if self._all_new() else self.known
            self.running = (now, function, self.labels)
        recorded = len(self.ended) + (self.running is not None)
        status = {
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "Serving",
                    "message": "",
                    "observedGeneration": 1,
                    "lastTransitionTime": "2026-11-01T00:00:00Z",
                }
            ],
            "attempt": {
                "number": recorded,
                "trigger": "Threshold",
                "startedAt": "2026-11-01T00:00:00Z",
            },
            "history": [e.model_dump(mode="json", exclude_none=True) for e in self.ended],
        }
        return {"metadata": {"name": "loans"}, "status": status}

    def _all_new(self) -> bool:
        """Whether the labels since the attempt before are of the world as it is."""
        return self.learns and self.changed_at <= self.handled + 300

    def change(self, function: int) -> None:
        self.rows.change(function)
        self.changed_at = self.labels

    def _end(self) -> None:
        assert self.running is not None
        _, function, watermark = self.running
        better = function != self.known
        outcome = AttemptOutcome.PROMOTED if better else AttemptOutcome.REJECTED
        self.ended.append(entry(len(self.ended) + 1, outcome))
        self.known, self.handled, self.running = function, watermark, None


class FakeScreen:
    """Keeps what was said and shown."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.scenes: list[Scene] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait(self, view: View, seconds: float) -> None:
        pass

    def show(self, scene: Scene) -> None:
        self.scenes.append(scene)

    def say(self, line: str, seconds: float) -> None:
        assert seconds >= 0
        self.said.append(line)
