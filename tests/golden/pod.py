"""Pod of a predictor on fakes, from its start to its end, with events of every kind."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from perennial_contract.lifecycle import Serving
from perennial_contract.messages.record import Record
from perennial_contract.settings import PredictorSettings
from perennial_predictor.ports import Failure, Ports
from perennial_predictor.run import run
from perennial_predictor.scoring.records import Outgoing
from perennial_predictor.status import State
from tests.fakes.group import FakeAnswers, FakeEvents, FakeWaiting
from tests.fakes.objects import FakeObjects
from tests.golden import bundle
from tests.golden.golden import document

SETTINGS: Final[dict[str, Any]] = {
    "uid": "uid-1",
    "namespace": "ns",
    "name": "income",
    "created": "2026-01-01T00:00:00Z",
    "storage": {"bucket": "models", "secretRef": {"name": "s3"}},
    "kafka": {"bootstrapServers": "nowhere:9092"},
    "events": {"topic": "events", "id": {"path": "id"}},
    "predictions": {"topic": "predictions"},
    "deadLetters": {"topic": "dead-letters"},
}


PERSON: Final[dict[str, Any]] = {"age": 70, "job": "clerk", "home": {"city": "Ulm", "pay": 1.5}}


OLD, MIDDLE = {"age": 70}, {"age": 50, "home": {"city": "Bonn"}}


VALUES: Final[list[bytes | None]] = [
    *[
        json.dumps({"id": i, **record}).encode()
        for i, record in enumerate([{}, PERSON, OLD, MIDDLE, {"age": "old"}, {"age": None}])
    ],
    *[json.dumps({"id": i, **OLD}).encode() for i in ("text", 1.5, 2**60, "naïve", " ")],
    *[json.dumps({"id": i, **OLD}).encode() for i in ("", None, True, [1], {"a": 1})],
    json.dumps({"id": 20, "job": "jester", "home": {"city": ["x"], "pay": "much"}}).encode(),
    json.dumps({"id": 21, "job": "naïve", "home": 5, "other": [1, {"x": None}]}).encode(),
    json.dumps({"id": 22, "income": ">50K", **OLD}).encode(),
    *(None, b"", b"{", b"[1]", b"7", b"null", b"\xff\xfe", b'{"id": "\\ud800"}', b"x" * 3000),
    *(b'{"id": 1, "age": 1e999}', b'{"id": 1, "age": NaN}', b'{"id": 1, "id": 2, "age": 70}'),
]


HEADERS: Final[list[tuple[str, bytes | None]]] = [("trace", b"\x00\xff"), ("none", None)]


@dataclass
class Pod:
    """A predictor from its start to its end, on fakes; answers of `largest` bytes are refused."""

    folder: Path
    settings: PredictorSettings
    records: list[Record]
    largest: int = 1 << 30
    told: list[Serving] = field(default_factory=list)
    state: State = field(default_factory=lambda: State("uid-1", "pod-1", bundle.VERSION))

    def run(self) -> dict[str, Any]:
        objects = FakeObjects()
        objects.objects = bundle.objects()
        events, answers = FakeEvents([], self.records), FakeAnswers([])
        joined: list[dict[str, Any]] = []
        events.script = [
            events.give(p0=0, p1=0),
            *[lambda _: joined.append(document(self.state.report()))] * 4,
        ]
        answers.fate = self.fate
        ports = Ports(lambda: objects, lambda: events, lambda: answers, self.told.append)
        log = self.folder / "termination-log"
        log.touch()
        waiting = FakeWaiting(rounds=12)
        run(
            self.settings,
            bundle.VERSION,
            ports,
            self.state,
            waiting,
            termination_log=log,
        )
        return {
            "sent": [self._sent(out) for out in answers.delivered],
            "serving": [document(each) for each in self.told],
            "status": [joined[0], joined[-1], document(self.state.report())],
            "happened": events.happened,
            "commits": events.commits,
        }

    def fate(self, out: Outgoing) -> Failure | None:
        size = len(out.value or b"")
        return Failure(out, refused=True, message=f"{size} bytes") if size > self.largest else None

    def _sent(self, out: Outgoing) -> dict[str, Any]:
        return {
            "for": f"{out.origin.partition}/{out.origin.offset}",
            "reason": out.reason,
            "key": out.key,
            "value": out.value,
            "headers": [f"{name}: {_shown(value)}" for name, value in out.headers],
        }


def _shown(value: str | bytes | None) -> str:
    return repr(value) if isinstance(value, bytes) else str(value)


def a_pod(folder: Path, values: list[bytes | None], largest: int = 1 << 30, **more: Any) -> Pod:
    """`more` are sections of its settings."""
    records = [
        Record(
            "events",
            i % 2,
            i // 2,
            (None, b"key", b"\xff")[i % 3],
            value,
            HEADERS[: i % 3],
            1000 * i,
        )
        for i, value in enumerate(values)
    ]
    return Pod(folder, PredictorSettings.model_validate(SETTINGS | more), records, largest)
