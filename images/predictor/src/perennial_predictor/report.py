"""What the predictor says of itself on /status, and whether it still moves."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from perennial_contract.status import BundleState, PredictorReport, Problem
from perennial_predictor.score import Tally

STILL: Final = 60.0  # seconds without a heartbeat after which the process counts as stuck
_MOST: Final = 100  # features in the report, which must stay below 64 KiB


class Part(StrEnum):
    """What a problem can be of, the gravest first."""

    MODEL = "model"
    TOPICS = "topics"
    DELIVERY = "delivery"


class State:
    """Written by the main thread, read by the server's."""

    def __init__(self, uid: str, pod: str, version: str) -> None:
        self._uid = uid
        self._pod = pod
        self._version = version
        self._beat = 0.0
        self._problems: dict[Part, Problem] = {}
        self._tally = Tally()
        self.bundle: BundleState | None = None
        self.digest = ""
        self.joined = False
        self.partitions = 0
        self.skipped = 0

    def beat(self, now: float) -> None:
        """The main thread moves; `now` is monotonic seconds."""
        self._beat = now

    def alive(self, now: float) -> bool:
        return now - self._beat < STILL

    def say(self, part: Part, problem: Problem) -> None:
        """A problem of one part, in place of the one it had."""
        self._problems = {**self._problems, part: problem}

    def clear(self, part: Part) -> None:
        if part in self._problems:
            self._problems = {k: v for k, v in self._problems.items() if k != part}

    def add(self, tally: Tally) -> None:
        """What became of events, once delivery of all answers was confirmed."""
        self._tally.add(tally)

    def _problem(self) -> Problem | None:
        for part in Part:
            if part in self._problems:
                return self._problems[part]
        if self.bundle is not BundleState.VERIFIED:
            return Problem(reason="ModelLoading", message=f"{self._version} is being loaded")
        if not self.joined:
            return Problem(reason="GroupNotJoined", message="not yet a member of the group")
        return None

    def report(self) -> PredictorReport:
        problem = self._problem()
        return PredictorReport(
            uid=self._uid,
            pod=self._pod,
            ready=problem is None,
            problem=problem,
            version=self._version,
            digest=self.digest,
            bundle=self.bundle,
            answered=self._tally.answered,
            dead_letters=dict(self._tally.dead_letters),
            skipped=self.skipped,
            unknown=dict(self._tally.unknown.most_common(_MOST)),
            partitions=self.partitions,
        )
