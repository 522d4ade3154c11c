"""Last reports of one pipeline's pods, and when each pod is asked again.

Times are seconds of a monotonic clock: what the wall clock does makes nobody silent.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from perennial_contract.status import Report
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import Answer, Invalid

KEPT: Final = 30.0  # seconds that a report counts, and that silence is no news
ASK: Final = 5.0  # between two questions to a pod
_CROWDED: Final = 15.0  # the same at most, where there are many pods
_PER_SECOND: Final = 16  # pods that are asked of one pipeline
_RARELY: Final = 60.0  # between questions to a pod that has been silent for long
_COUNTERS: Final = frozenset(
    {
        *("answered", "dead_letters", "skipped", "filtered", "unknown", "pending", "counts", "lag"),
        "written",  # `Counting` knows when it is news
    }
)


def _spread() -> float:
    return random.uniform(0.8, 1.2)  # noqa: S311  spreads load, hides nothing


@dataclass(slots=True)
class _Heard:
    """What is known of one pod's answers."""

    pod: Pod
    since: float
    """When it was first to be asked."""
    due: float
    """When it is to be asked next."""
    asked: bool = False
    """Whether it is being asked."""
    report: Report | None = None
    said_at: float = -math.inf
    invalid: str = ""
    """Why its last answer was no report."""
    unanswered: bool = False
    """Whether it left the last question open."""
    decisive: tuple[Any, bool, str] = (None, False, "")
    """What of all this may change a decision."""

    def spoken(self, now: float) -> Report | None:
        """What it said in the last 30 s."""
        return self.report if now - self.said_at <= KEPT else None

    def silence(self, now: float) -> float:
        """For how many seconds it has been asked and has not answered."""
        return now - max(self.since, self.said_at)

    def is_silent(self, now: float) -> bool:
        return self.silence(now) > KEPT

    def take(self, answer: Answer, now: float) -> None:
        if isinstance(answer, Report):
            self.report, self.said_at = answer, now
        if answer:
            self.invalid = answer.why if isinstance(answer, Invalid) else ""
        self.unanswered = answer is None

    def facts(self, now: float) -> tuple[Any, bool, str]:
        """All that it says but for counters, whether it is silent, and what it says wrong."""
        said = self.spoken(now)
        return (
            said.model_dump(exclude=set(_COUNTERS)) if said else None,
            self.is_silent(now),
            self.invalid,
        )


@dataclass(slots=True)
class LastReports:
    """The last report of each pod that is there, by the pod's UID.

    A pod is asked every 5 s, or every 15 s where there are many; one that is silent again after a
    quarter of the time that it has been, a minute at most; and whichever changes its address or its
    readiness at once.
    """

    spread: Callable[[], float] = _spread
    """A factor around 1, so that pods are not asked in step."""
    _heard: dict[str, _Heard] = field(default_factory=dict)

    def meet(self, pods: Iterable[Pod], now: float) -> list[Pod]:
        """The pods that are there now; gives those that are due since they are new or changed."""
        before, changed = self._heard, list[Pod]()
        self._heard = {}
        for pod in (pod for pod in pods if pod.ip and pod.stays):
            known = before.get(pod.uid)
            heard = self._heard[pod.uid] = known or _Heard(pod, since=now, due=now)
            if known is None or (pod.ip, pod.ready) != (known.pod.ip, known.pod.ready):
                heard.due, heard.unanswered = now, False
                changed.append(pod)
            heard.pod = pod
        return changed

    def take_due(self, now: float) -> list[Pod]:
        """The pods that it is time to ask: each is being asked until `keep` has its answer."""
        due = [heard for heard in self._heard.values() if heard.due <= now and not heard.asked]
        for heard in due:
            heard.asked = True
        return [heard.pod for heard in due]

    def next_due(self, now: float) -> float:
        """In how many seconds the next pod is due; never later than a new one would be."""
        waits = [heard.due - now for heard in self._heard.values() if not heard.asked]
        return min([ASK, *waits])

    def keep(self, pod: Pod, answer: Answer, now: float) -> bool:
        """Remembers an answer; tells whether it may change a decision."""
        heard = self._heard.get(pod.uid)
        if heard is None:
            return False  # the pod is gone
        heard.take(answer, now)
        heard.asked, heard.due = False, now + self._pause(heard, now) * self.spread()
        before, heard.decisive = heard.decisive, heard.facts(now)
        return heard.decisive != before

    def is_unanswered(self, pod: Pod) -> bool:
        """Whether a pod left the last question open."""
        heard = self._heard.get(pod.uid)
        return heard is not None and heard.unanswered

    def reports(self, now: float) -> dict[str, Report]:
        """By pod name: what it said in the last 30 s."""
        found = ((heard.pod.name, heard.spoken(now)) for heard in self._heard.values())
        return {name: said for name, said in found if said}

    def silent(self, now: float) -> frozenset[str]:
        """The names of pods that were asked for 30 s and have not answered in that time."""
        return frozenset(h.pod.name for h in self._heard.values() if h.is_silent(now))

    def invalid(self) -> dict[str, str]:
        """By pod name: why its last answer was no report."""
        return {h.pod.name: h.invalid for h in self._heard.values() if h.invalid}

    def _pause(self, heard: _Heard, now: float) -> float:
        """Seconds until a pod is asked again."""
        often = min(max(ASK, len(self._heard) / _PER_SECOND), _CROWDED)
        return max(often, min(heard.silence(now) / 4, _RARELY))
