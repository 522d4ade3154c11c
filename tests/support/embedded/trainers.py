"""Watch over the trainers of a run: how many there are at a time, and how each attempt ended."""

import re
import threading
from dataclasses import dataclass, field

from perennial_operator.api.attempts import HistoryEntry
from tests.support.embedded.killed_run import KilledRun, kill

_ATTEMPT = re.compile(r"-train-(\d+)-")


@dataclass
class Trainers:
    """Looks until it is closed; of each attempt one trainer is killed, `kills` of them at most."""

    run: KilledRun
    kills: int
    killed: set[int] = field(default_factory=set)
    """Attempts by number."""
    most: int = 0
    """Trainers at a time."""
    ended: dict[int, HistoryEntry] = field(default_factory=dict)
    """By number of their attempt."""
    told_otherwise: list[HistoryEntry] = field(default_factory=list)
    """What the history says of an attempt that it had told of before, in other words."""
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._over.wait(0.1):
            trainers = self.run.pids("train")
            self.most = max(self.most, len(trainers))
            for entry in self.run.status().history:
                if self.ended.setdefault(entry.number, entry) != entry:
                    self.told_otherwise.append(entry)
            for pid, pod in trainers.items():
                self._meet(pid, pod)

    def _meet(self, pid: int, pod: str) -> None:
        match = _ATTEMPT.search(pod)
        assert match
        number = int(match[1])
        first = number == 1  # there is nothing yet that serves
        if not first and number not in self.killed and len(self.killed) < self.kills:
            self.killed.add(number)
            kill(pid)
