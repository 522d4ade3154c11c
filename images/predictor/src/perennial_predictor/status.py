"""State of the predictor: its report on /status, and whether it still moves."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Final

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.heartbeat import Heartbeat
from perennial_contract.status import BundleState, PredictorReport, Problem
from perennial_predictor.metrics import Metrics
from perennial_predictor.scoring.records import Tally

STILL: Final = 60.0  # seconds without a heartbeat after which the process counts as stuck
_MOST: Final = 100  # features in the report, which must stay below 64 KiB


class Part(StrEnum):
    """Parts of the predictor that can have a problem, the gravest first."""

    SETTINGS = "settings"
    MODEL = "model"
    TOPICS = "topics"
    DELIVERY = "delivery"


class State:
    """State that the main thread writes and the server's thread reads."""

    def __init__(self, uid: str, pod: str, version: str) -> None:
        self._uid = uid
        self.pod: Final = pod
        self._version = version
        self.heartbeat: Final = Heartbeat(STILL)
        self._problems: dict[Part, Problem] = {}
        self._tally = Tally()
        self._skipped = 0
        self.metrics: Final = Metrics()
        self.metrics.ready.set_function(lambda: self._problem() is None)
        self.bundle: BundleState | None = None
        self.altered = False
        self.digest = ""
        self.joined = False
        self.partitions = 0

    def say(self, part: Part, problem: Problem) -> None:
        """Sets the problem of one part, in place of the one it had."""
        self._problems = {**self._problems, part: problem}

    def clear(self, part: Part) -> None:
        if part in self._problems:
            self._problems = {k: v for k, v in self._problems.items() if k != part}

    def add(self, tally: Tally) -> None:
        """Counts what became of events, once delivery of all answers was confirmed."""
        self._tally.add(tally)
        self.metrics.events.add(tally)

    def skip(self, events: int) -> None:
        """Counts events that retention removed before they were read."""
        self._skipped += events
        self.metrics.events.skipped.inc(events)

    def serve(self, version: str, digest: str) -> None:
        """Names the model that answers from now on, verified by its golden rows."""
        self.bundle, self.digest = BundleState.VERIFIED, digest
        self.metrics.model.labels(version, digest).set(1)

    def _problem(self) -> Problem | None:
        for part in Part:
            if part in self._problems:
                return self._problems[part]
        if self.bundle is not BundleState.VERIFIED:
            return Problem(
                reason=ProgramReason.MODEL_LOADING, message=f"{self._version} is being loaded"
            )
        if not self.joined:
            return Problem(
                reason=ProgramReason.GROUP_NOT_JOINED, message="not yet a member of the group"
            )
        return None

    def report(self) -> PredictorReport:
        problem = self._problem()
        return PredictorReport(
            uid=self._uid,
            pod=self.pod,
            ready=problem is None,
            problem=problem,
            version=self._version,
            digest=self.digest,
            bundle=self.bundle,
            altered=self.altered,
            answered=self._tally.answered,
            dead_letters=dict(self._tally.dead_letters),
            skipped=self._skipped,
            filtered=self._tally.filtered,
            unknown=dict(Counter(self._tally.unknown).most_common(_MOST)),
            partitions=self.partitions,
        )
