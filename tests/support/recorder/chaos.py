"""Chaos around a recorder: kills and faults, drawn from a seed."""

import random

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.runtime.s3 import Store
from perennial_recorder.adapters.sqlite import SqliteStateStore
from tests.fakes.s3 import Fault

FAULTS: list[Fault | str] = [*Fault, "InternalError", "ConditionalRequestConflict"]


class Killed(BaseException):
    """The process is gone: nothing catches it."""


class Chaos:
    """Kills and faults, drawn from the run's seed."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.on = True
        self.kills = rng.choice([0.002, 0.01, 0.05])
        self.faults = rng.choice([0.0, 0.05, 0.3])
        self.killed = 0
        self._next = False

    def point(self) -> None:
        """A place where the process may die."""
        if self.on and (self._next or self.rng.random() < self.kills):
            self._next = False
            self.killed += 1
            raise Killed

    def kafka(self) -> None:
        self.point()
        if self.on and self.rng.random() < self.faults / 4:
            raise Trouble(ProgramReason.KAFKA_UNAVAILABLE, "no answer")

    def __bool__(self) -> bool:
        return True

    def popleft(self) -> Fault | str | None:
        """What becomes of the next request to S3."""
        self.point()
        if not self.on:
            return None
        if self.rng.random() < self.kills:  # carried out, and then we die
            self._next = True
            return Fault.ANSWER_LOST
        if self.rng.random() >= self.faults:
            return None
        return self.rng.choice(FAULTS)


class MortalStateStore(SqliteStateStore):
    """The disk dies with the process, and in the middle of things."""

    chaos: Chaos

    def save(self, *args: object) -> None:
        self.chaos.point()
        super().save(*args)  # type: ignore[arg-type]  # passed on as they came
        self.chaos.point()


class TrustedStore(Store):
    """Asks for one object at a time: the run's seed says which request fails."""

    def probe(self) -> None:
        """Not here: each probe would wait in earnest for every fault."""
