"""A bucket in memory, and whole runs in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from perennial_contract.lifecycle import Message
from perennial_contract.settings import TrainerSettings
from perennial_contract.status import Verdict
from perennial_trainer.adapters.datasets import read_dataset
from perennial_trainer.ports import Ports
from perennial_trainer.progress import Progress
from perennial_trainer.run import run
from tests.fakes.objects import FakeObjects
from tests.support.trainer.builders import CREATED, a_settings

WATERMARK = {"t": {"0": 2000}}


def no_child(_: Mapping[str, bytes]) -> None:
    """Checks nothing: what a child process does is another test's business."""


@dataclass
class House:
    """A bucket with a dataset and a stream, and runs in it."""

    store: FakeObjects = field(default_factory=FakeObjects)
    datasets: FakeObjects = field(default_factory=FakeObjects)
    check_in_child: Callable[[Mapping[str, bytes]], None] = no_child
    hours: int = 0
    announced: list[Message] = field(default_factory=list)

    def run(self, number: int = 1, **changed: Any) -> Verdict:
        self.hours += 1
        settings: TrainerSettings = a_settings(number, **changed)
        progress = Progress(settings, "pod-1", lambda: 0.0)
        return run(settings, self.ports(), progress).verdict

    def ports(self) -> Ports:
        return Ports(
            store=self.store,
            dataset=partial(read_dataset, lambda _: self.datasets),
            check_in_child=self.check_in_child,
            now=lambda: CREATED + timedelta(days=36500, hours=self.hours),
            expired=lambda: False,
            threads=1,
            announce=self.announced.append,
        )
