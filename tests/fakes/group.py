"""A consumer group of one, its topics in memory, and a producer whose deliveries can fail."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from perennial_contract.messages.record import Record
from perennial_contract.runtime.kafka.trouble import ClientFailed
from perennial_predictor.ports import Failure, Listener, Positions, Topics
from perennial_predictor.scoring.records import Outgoing

BEFORE_ANSWERS = "before"


class FakeEvents:
    """Partitions of the events topic; `script` runs a function inside each batch, as callbacks do.

    `happened` is shared with the sink, so that the order of flushes and commits can be seen.
    """

    def __init__(self, happened: list[str], records: Iterable[Record] = ()) -> None:
        self.records = list(records)
        self.happened = happened
        self.commits: list[dict[int, int]] = []
        self.looks: list[Topics | Exception] = []
        self.others: Exception | None = None
        self.script: list[Callable[[Listener], None]] = []
        self.positions: dict[int, int] = {}

    def topics(self) -> Topics:
        look = self.looks.pop(0) if self.looks else Topics("id-1", 2, 2, 2)
        if isinstance(look, Exception):
            raise look
        return look

    def look_for_others(self) -> None:
        if self.others is not None:
            raise self.others

    def join(self, topics: Topics, listener: Listener) -> None:
        self.listener = listener
        self.happened.append(f"join {topics.id}")

    def give(self, **starts: int) -> Callable[[Listener], None]:
        """For `script`: partitions p0, p1 are assigned from these offsets."""
        positions = {int(name[1:]): offset for name, offset in starts.items()}

        def assign(listener: Listener) -> None:
            self.rewind(positions)
            listener.assigned(positions)

        return assign

    def batch(self, limit: int, patience: float) -> Sequence[Record]:
        del patience
        read = list(islice(self._unread(), limit))
        if self.script:
            self.script.pop(0)(self.listener)
        self.positions.update((r.partition, r.offset + 1) for r in read)
        return read

    def commit(self, positions: Positions, *, wait: bool) -> None:
        self.commits.append(dict(positions))
        self.happened.append("commit and wait" if wait else "commit")
        self.listener.committed("")

    def rewind(self, positions: Positions) -> None:
        self.positions = dict(positions)

    def ends(self, partitions: Iterable[int]) -> Positions:
        ends = {record.partition: record.offset + 1 for record in self.records}
        return {partition: end for partition, end in ends.items() if partition in set(partitions)}

    def leave(self) -> None:
        self.happened.append("leave")
        self.listener.revoked(list(self.positions))

    def _unread(self) -> Iterable[Record]:
        for record in self.records:
            if record.offset >= self.positions.get(record.partition, record.offset + 1):
                yield record


class FakeAnswers:
    """Confirms at a flush what was sent, but for what `fate` says of it.

    `fate` answers None for delivered, else a failure or ClientFailed; it may look at all that is
    `under_way` together.
    """

    def __init__(self, happened: list[str]) -> None:
        self.happened = happened
        self.fate: Callable[[Outgoing], Failure | ClientFailed | None] = lambda _: None
        self.delivered: list[Outgoing] = []
        self.under_way: list[Outgoing] = []
        self.closed = False
        self._sent: list[Outgoing] = []

    def route(self, topics: Topics) -> None:
        self.routed = topics

    def send(self, out: Outgoing) -> None:
        self._sent.append(out)

    def flush(self) -> Sequence[Failure]:
        self.happened.append("flush")
        self.under_way, self._sent = self._sent, []
        return self._fates()

    def _fates(self) -> Sequence[Failure]:
        failures: list[Failure] = []
        for out in self.under_way:
            fate = self.fate(out)
            if isinstance(fate, ClientFailed):
                raise fate
            if fate is None:
                self.delivered.append(out)
            else:
                failures.append(fate)
        return failures

    def send_apart(self, outgoing: Iterable[Outgoing]) -> Sequence[Failure]:
        self.happened.append("send apart")
        failures: list[Failure] = []
        for out in outgoing:
            self.under_way = [out]
            failures += self._fates()
        return failures

    def close(self) -> None:
        self.closed = True


class FakeWaiting:
    """Time that passes with each look at it; over after a number of rounds."""

    def __init__(self, rounds: int, tick: float = 0.1) -> None:
        self.rounds = rounds
        self.pauses: list[float] = []
        self._now = 0.0
        self._tick = tick

    def now(self) -> float:
        self._now += self._tick
        return self._now

    def wall(self) -> float:
        return 1_700_000_000 + self._now

    def over(self) -> bool:
        self.rounds -= 1
        return self.rounds < 0

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._now += seconds
