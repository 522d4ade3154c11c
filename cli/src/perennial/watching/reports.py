"""Sums of what a pipeline's pods say of themselves, over pods that come and go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from perennial.page.traffic import Records
from perennial_contract.status import PredictorReport, RecorderReport, Report

PODS: Final = 50  # whose counts are kept apart
_ANSWERED, _SKIPPED, _DEAD = "answered", "skipped", "dead:"


class Sums:
    """Counts since the first pod that was heard of began; what a pod has counted outlives it."""

    def __init__(self) -> None:
        self.lag: Mapping[str, int] | None = None
        """By topic: records that the recorder is still to read; None while it is silent."""
        self._pods: dict[str, Counter[str]] = {}
        self._gone: Counter[str] = Counter()

    def hear(self, reports: Sequence[Report]) -> None:
        """What the pods say now; of a process that was started again, the larger count holds."""
        recorders = [report for report in reports if isinstance(report, RecorderReport)]
        self.lag = None
        if recorders:
            self.lag = dict(sum((Counter(each.lag) for each in recorders), Counter()))
            self.lag |= {topic: 0 for each in recorders for topic in each.lag} | self.lag
        for report in reports:
            if isinstance(report, PredictorReport):
                self._pods[report.pod] = self._pods.pop(report.pod, Counter()) | _counts(report)
        while len(self._pods) > PODS:
            self._gone += self._pods.pop(next(iter(self._pods)))

    @property
    def records(self) -> Records:
        total = self._total()
        if total is None:
            return Records()
        return Records(answered=total[_ANSWERED], skipped=total[_SKIPPED] or None)

    @property
    def dead_letters(self) -> Mapping[str, int] | None:
        """By reason; None where no predictor was asked."""
        total = self._total()
        if total is None:
            return None
        return {n.removeprefix(_DEAD): c for n, c in total.items() if n.startswith(_DEAD)}

    def _total(self) -> Counter[str] | None:
        return sum(self._pods.values(), self._gone) if self._pods else None


def _counts(report: PredictorReport) -> Counter[str]:
    dead = {_DEAD + reason: count for reason, count in report.dead_letters.items()}
    return Counter({_ANSWERED: report.answered, _SKIPPED: report.skipped, **dead})
