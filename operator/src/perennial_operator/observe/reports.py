"""Reports of the pods on themselves, kept for 30 s after a pod falls silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from perennial_contract.status import PredictorReport, RecorderReport, Report, TrainerReport
from perennial_operator.api.names import PREDICTOR, RECORDER, TRAINER
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


def read_report(data: bytes | None, pod: Pod, uid: str) -> Report | None:
    """What a pod answered; None where it is no report, or another's."""
    if data is None or pod.component not in _KINDS:
        return None
    try:
        said = _KINDS[pod.component].model_validate_json(data)
    except ValidationError:
        return None
    return said if (said.uid, said.pod) == (uid, pod.name) else None


@dataclass(slots=True)
class LastReports:
    """The last report of each pod of one pipeline, by the pod's UID."""

    _said: dict[str, tuple[datetime, Report]] = field(default_factory=dict)
    _asked: dict[str, datetime] = field(default_factory=dict)
    _decisive: dict[str, Any] = field(default_factory=dict)

    def keep(self, answers: Iterable[tuple[Pod, Report | None]], now: datetime) -> bool:
        """Remembers answers; tells whether one of them may change a decision."""
        before = self._decisive
        answered = list(answers)
        asked = {pod.uid for pod, _ in answered}
        self._said = {uid: kept for uid, kept in self._said.items() if uid in asked}
        self._asked = {uid: self._asked.get(uid, now) for uid in asked}
        self._said |= {pod.uid: (now, said) for pod, said in answered if said}
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
        return {**fresh, "": late} if late else fresh
