"""Cache of one ModelPipeline between two passes; losing it costs nothing."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from perennial_contract.status import RecorderReport, Report
from perennial_contract.watermark import Watermark, total
from perennial_operator.observe.bounds import PARTITIONS, grown
from perennial_operator.observe.last_reports import LastReports
from perennial_operator.observe.pods import Pod

AT_ONCE: Final = 8  # pods of one pipeline that are asked at a time
SILENT_AT_ONCE: Final = 4  # the same of those that left the last question open


@dataclass(frozen=True, slots=True)
class Counting:
    """What the last pass knew of the observations' count, which alone is seldom news."""

    seen: Watermark = field(default_factory=dict)
    written: Watermark = field(default_factory=dict)
    """What of it stands in the status."""
    missing: int = 0
    """How many more make a trigger due; where none are missing, more change nothing."""
    told_from: float = math.inf
    """From when on progress alone is worth a write, in seconds of a monotonic clock."""

    def is_news(self, report: Report | None, now: float) -> bool:
        """Whether what a recorder has written is: nothing else that it says is counted."""
        if not isinstance(report, RecorderReport):
            return False
        counted = grown(self.seen, report.written, PARTITIONS)
        due = 0 < self.missing <= total(counted) - total(self.seen)
        return due or (now >= self.told_from and counted != self.written)


@dataclass(slots=True)
class PipelineCache:
    wake: Callable[[], None] = lambda: None
    """Has a pass follow."""
    news: bool = False
    """Whether a pod has said what no pass has taken yet."""
    woken_at: float = -math.inf
    """When news last had a pass follow, in seconds of a monotonic clock."""
    last_reports: LastReports = field(default_factory=LastReports)
    uid: str = ""
    """Of the ModelPipeline."""
    replicasets: dict[str, str] = field(default_factory=dict)
    """Of the predictor's Deployment: its UID by theirs."""
    left_to: str = ""
    """The other operator that the last pass was left to."""
    applied: dict[str, str] = field(default_factory=dict)
    """By kind: the digest of what was applied last."""
    may_have_service: bool = True
    """Whether one may be there that is not wanted: an operator before this one may have made it."""
    counting: Counting = field(default_factory=Counting)
    refused: dict[str, str] = field(default_factory=dict)
    """By kind: why the API server did not take a child in the last pass."""
    unstored: dict[str, str] = field(default_factory=dict)
    """The same for the ControllerRevision, which is written before the others."""
    unwanted: frozenset[str] = frozenset()
    """ConfigMaps that are there and no longer wanted, but may still be mounted."""
    unwanted_at: datetime | None = None
    """When it was last looked whether they are."""
    asking: set[asyncio.Task[bool]] = field(default_factory=set)
    """Questions to pods that are still open; each tells whether there is something to decide."""
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _silent: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SILENT_AT_ONCE))

    def turn(self, pod: Pod) -> asyncio.Semaphore:
        """What a question waits for: not for pods that may answer none."""
        return self._silent if self.last_reports.is_unanswered(pod) else self._turns

    def start(self, question: Coroutine[None, None, bool]) -> asyncio.Task[bool]:
        task = asyncio.create_task(question)
        self.asking.add(task)
        task.add_done_callback(self.asking.discard)
        return task

    async def close(self) -> None:
        """Gives up what is being asked."""
        for task in list(self.asking):
            task.cancel()
        await asyncio.gather(*self.asking, return_exceptions=True)
