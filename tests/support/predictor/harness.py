"""A loop on fakes, and events for it."""

import json

from perennial_contract.messages.record import Record
from perennial_predictor.loop import Loop
from perennial_predictor.scoring.answers import Answerer
from perennial_predictor.status import State
from tests.fakes.group import FakeAnswers, FakeEvents, FakeWaiting


class Harness:
    """A loop on fakes."""

    def __init__(self, answerer: Answerer, state: State, records: list[Record]) -> None:
        self.happened: list[str] = []
        self.events = FakeEvents(self.happened, records)
        self.answers = FakeAnswers(self.happened)
        self.answerer = answerer
        self.state = state

    def run(self, rounds: int, tick: float = 0.1) -> FakeWaiting:
        self.waiting = FakeWaiting(rounds, tick)
        Loop(self.events, self.answers, self.answerer, self.state, self.waiting).run()
        return self.waiting

    def sources(self) -> list[tuple[int, int]]:
        return [(out.origin.partition, out.origin.offset) for out in self.answers.delivered]


def event(partition: int, offset: int, value: bytes | None = None) -> Record:
    body = json.dumps({"id": offset, "age": 40, "job": "clerk"}).encode()
    return Record("events", partition, offset, b"key", body if value is None else value, None)


LAG = 'perennial_predictor_lag_events{partition="0"}'
RECORDS = [event(offset % 2, offset // 2) for offset in range(20)]
