"""Kafka as a replay sees it, in memory: logs, and transactions that a killed writer leaves open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from perennial.messages.newest import Edges
from perennial.replay.replay import Outgoing
from perennial_contract.messages.record import Record

DEAD, EVENTS = "dead", "events"


class Killed(BaseException):
    """The process ends here, whatever it was about to do."""


@dataclass
class FakeKafka:
    """Logs of two topics by partition; `ends_in` steps the process is killed."""

    dead: list[list[Record]]
    events: list[list[Record]]
    ends_in: int = -1
    refused: frozenset[bytes] = frozenset()
    """Values that the brokers do not take."""
    pending: list[Outgoing] = field(default_factory=list)
    name: str = DEAD

    def step(self) -> None:
        self.ends_in -= 1
        if self.ends_in == 0:
            raise Killed

    def scan(self, ranges: Mapping[int, Edges]) -> Iterator[Record]:
        for partition, (first, end) in ranges.items():
            for record in self.dead[partition][first:end]:
                self.step()
                yield record

    def settled(self) -> dict[int, Edges]:
        self.step()
        return {number: Edges(0, len(log)) for number, log in enumerate(self.dead)}

    def open(self) -> None:
        self.step()
        self.pending = []
        self.step()

    def send(self, batch: Sequence[Outgoing]) -> bool:
        assert not self.pending
        for out in batch:
            self.step()
            self.pending.append(out)
        taken = not any(out.sent.value in self.refused for out in batch)
        self.step()
        for out in self.pending if taken else ():
            self._write(out)
        self.pending = []
        self.step()
        return taken

    def _write(self, out: Outgoing) -> None:
        logs = {DEAD: self.dead, EVENTS: self.events}[out.topic]
        partition = max(out.partition, 0)
        key, value, headers = out.sent
        told = [(k, v.encode() if isinstance(v, str) else v) for k, v in headers]
        place = out.topic, partition, len(logs[partition])
        logs[partition].append(Record(*place, key, value, told, 99))
