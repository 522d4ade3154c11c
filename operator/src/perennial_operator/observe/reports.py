"""Reports of the pods on themselves, kept for 30 s after a pod falls silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from perennial_contract.status import (
    MAX_BYTES,
    PredictorReport,
    RecorderReport,
    Report,
    TrainerReport,
)
from perennial_operator.api.names import PREDICTOR, RECORDER, TRAINER
from perennial_operator.observe.bounds import bounded, printable
from perennial_operator.observe.pods import Pod

KEPT: Final = timedelta(seconds=30)
_KINDS: Final[Mapping[str, type[Report]]] = {
    PREDICTOR: PredictorReport,
    RECORDER: RecorderReport,
    TRAINER: TrainerReport,
}
_COUNTERS: Final = frozenset(
    {"answered", "dead_letters", "skipped", "filtered", "unknown", "pending", "counts", "lag"}
)


@dataclass(frozen=True, slots=True)
class Invalid:
    """An answer that is no report, which counts as none and is told."""

    why: str


Answer = Report | Invalid | None


def read_report(data: bytes | None, pod: Pod, uid: str) -> Answer:
    """What a pod answered; None where it was silent, or where another one answered."""
    if data is None or pod.component not in _KINDS:
        return None
    if len(data) > MAX_BYTES:
        return Invalid(f"it is longer than {MAX_BYTES // 1024} KiB")
    try:
        said = _KINDS[pod.component].model_validate_json(data)
        return bounded(said) if (said.uid, said.pod) == (uid, pod.name) else None
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)[0]
        path = ".".join(map(str, found["loc"]))
        return Invalid(printable(f"{path}: {found['msg']}" if path else found["msg"]))
    except ValueError as error:
        return Invalid(printable(str(error)))


@dataclass(slots=True)
class LastReports:
    """The last report of each pod of one pipeline, by the pod's UID."""

    _said: dict[str, tuple[datetime, Report]] = field(default_factory=dict)
    _asked: dict[str, datetime] = field(default_factory=dict)
    _decisive: dict[str, Any] = field(default_factory=dict)
    invalid: dict[str, str] = field(default_factory=dict)
    """By the pod's UID: why its last answer was no report."""

    def keep(self, answers: Iterable[tuple[Pod, Answer]], now: datetime) -> bool:
        """Remembers answers; tells whether one of them may change a decision."""
        before = self._decisive
        answered = list(answers)
        asked = {pod.uid for pod, _ in answered}
        self._said = {uid: kept for uid, kept in self._said.items() if uid in asked}
        self._asked = {uid: self._asked.get(uid, now) for uid in asked}
        self._said |= {p.uid: (now, said) for p, said in answered if isinstance(said, Report)}
        wrong = {p.uid: said.why for p, said in answered if isinstance(said, Invalid)}
        mute = {pod.uid for pod, said in answered if said is None}
        self.invalid = {uid: why for uid, why in self.invalid.items() if uid in mute} | wrong
        self._decisive = self._without_counters(now)
        return self._decisive != before

    def reports(self, pods: Iterable[Pod], now: datetime) -> dict[str, Report]:
        """By pod name: what it said in the last 30 s."""
        return {
            pod.name: self._said[pod.uid][1]
            for pod in pods
            if pod.uid in self._said and now - self._said[pod.uid][0] <= KEPT
        }

    def silent(self, pods: Iterable[Pod], now: datetime) -> frozenset[str]:
        """Pods that were asked for 30 s and have not answered in that time."""
        known = self.reports(pods, now)
        return frozenset(
            pod.name
            for pod in pods
            if pod.name not in known and now - self._asked.get(pod.uid, now) > KEPT
        )

    def _without_counters(self, now: datetime) -> dict[str, Any]:
        """All that reports say but for counters, and which pods have been silent for long."""
        fresh = {
            uid: said.model_dump(exclude=set(_COUNTERS))
            for uid, (at, said) in self._said.items()
            if now - at <= KEPT
        }
        late = {uid for uid, at in self._asked.items() if uid not in fresh and now - at > KEPT}
        return {**fresh, "": (late, self.invalid)}
