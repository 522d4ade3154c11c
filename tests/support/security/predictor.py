"""Predictors whose brokers ask for a password or a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.runtime.kafka.security import kafka_security
from perennial_contract.runtime.mounts import Mounts
from perennial_contract.status import Problem
from perennial_predictor.status import State
from tests.fakes.mount import Mount
from tests.support.predictor.stream import Stream, until
from tests.support.servers import KAFKA


class Topics:
    """A predictor's topics, seen by its pods at a listener that is not the plain one."""

    def __init__(self, address: str, mount: Mount) -> None:
        self.stream = Stream(KAFKA)
        self.stream.make_all()
        at = Kafka(bootstrap_servers=address)
        self.stream.settings = self.stream.settings.model_copy(update={"kafka": at})
        self._mounts = Mounts(kafka=mount.folder)

    @contextmanager
    def predictor(self) -> Iterator[State]:
        self.stream.security = kafka_security(self.stream.settings.kafka, self._mounts)
        with self.stream.predictor() as state:
            yield state

    def answers(self, count: int) -> bool:
        return len(self.stream.answered()) == count


def problem(state: State) -> Problem | None:
    return state.report().problem


def until_refused(state: State) -> str:
    """The words with which Kafka's refusal is told."""

    def refused() -> str:
        found = problem(state)
        return found.message if found and found.reason == ProgramReason.KAFKA_REFUSED else ""

    told: str = until(refused)
    assert not state.report().ready
    return told


def until_answered(state: State, topics: Topics) -> None:
    topics.stream.send(range(20))
    until(lambda: state.report().ready and topics.answers(20))
    until(lambda: problem(state) is None)
