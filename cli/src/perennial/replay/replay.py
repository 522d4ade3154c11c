"""Replay: the events of dead letters go back to their topic, each with a receipt, all or nothing.

Events and receipts of a batch are one transaction. So what a receipt names was sent, and what was
sent has a receipt, whenever this ends: the next one reads the receipts and goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from perennial.messages.newest import Edges
from perennial.replay.fates import Chosen, Fate, Fates
from perennial_contract.messages.record import Record
from perennial_contract.messages.replays import Sent, read_receipt, receipt, sent_again

BATCH: Final = 500  # dead letters in a transaction: it must end in a fraction of a second
_BYTES: Final = 1_000_000  # of their events: a slow line takes its time


class Outgoing(NamedTuple):
    """A record for a topic; partition -1 is chosen by the key."""

    topic: str
    partition: int
    sent: Sent


class DeadLetterTopic(Protocol):
    """The dead letters topic."""

    @property
    def name(self) -> str: ...

    def scan(self, ranges: Mapping[int, Edges]) -> Iterator[Record]:
        """Records that are committed, in the order of each partition."""

    def settled(self) -> Mapping[int, Edges]:
        """Edges as they are now, with no transaction open before them."""


class Transactions(Protocol):
    """Writes of one pipeline's replays; only the one that opened them last can write."""

    def open(self) -> None:
        """What another has begun and not committed is never read."""

    def send(self, batch: Sequence[Outgoing]) -> bool:
        """Whether all of it was committed; nothing of it was, where one record is refused."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of the dead letters that were chosen."""

    sent: Mapping[str, int]
    """By reason."""
    left: Mapping[Fate, int]


class Replay:
    """One replay of what `fates` have chosen."""

    def __init__(  # noqa: PLR0913, PLR0917  the parts of a replay
        self,
        fates: Fates,
        topic: DeadLetterTopic,
        edges: Mapping[int, Edges],
        transactions: Transactions,
        partitions: int,
        most: int = BATCH,
    ) -> None:
        """`fates` have read the topic between these `edges`, from its beginning on.

        `partitions` is how many the events topic has, `most` the size of a transaction.
        """
        self._fates = fates
        self._topic = topic
        self._edges = edges
        self._transactions = transactions
        self._partitions = partitions
        self._most = most
        self._sent: Counter[str] = Counter()

    def run(self, told: Callable[[int], None]) -> Done:
        """`told` is called with how many were sent, after each batch."""
        self._transactions.open()
        self._read_receipts()
        left = Counter(self._fates.left())
        for batch in batches(self._due(), self._most):
            left[Fate.REFUSED] += self._send(batch)
            told(self._sent.total())
        return Done(dict(sorted(self._sent.items())), {f: left[f] for f in Fate if left[f]})

    def _read_receipts(self) -> None:
        """Those that another has written since the topic was read."""
        known = {partition: each.end for partition, each in self._edges.items()}
        now = self._topic.settled()
        since = {p: Edges(known.get(p, each.first), each.end) for p, each in now.items()}
        for record in self._topic.scan(since):
            self._fates.replayed.update(read_receipt(record))

    def _due(self) -> Iterator[Chosen]:
        """Each event once, in the order of its dead letters."""
        done = set(self._fates.replayed)
        for record in self._topic.scan(self._fates.selection.within(self._edges)):
            chosen = self._fates.choose(record)
            if isinstance(chosen, Chosen) and chosen.identity not in done:
                done.add(chosen.identity)
                yield chosen

    def _send(self, batch: Sequence[Chosen]) -> int:
        """How many of them are refused by the brokers, for which each stands alone at last."""
        if self._transactions.send([*self._events(batch), *self._receipts(batch)]):
            self._sent.update(each.letter.reason for each in batch)
            return 0
        if len(batch) == 1:
            return 1
        middle = len(batch) // 2
        return self._send(batch[:middle]) + self._send(batch[middle:])

    def _events(self, batch: Iterable[Chosen]) -> Iterator[Outgoing]:
        for each in batch:
            topic, partition, _ = each.letter.source.rsplit("/", 2)
            number = int(partition) if partition.isdecimal() else -1
            kept = number if number < self._partitions else -1
            yield Outgoing(topic, kept, sent_again(each.letter, each.record))

    def _receipts(self, batch: Iterable[Chosen]) -> Iterator[Outgoing]:
        identities: dict[int, list[bytes]] = {}
        for each in batch:
            identities.setdefault(each.record.partition, []).append(each.identity)
        for partition, named in identities.items():
            yield Outgoing(self._topic.name, partition, receipt(named, self._fates.pipeline))


def batches(chosen: Iterable[Chosen], most: int) -> Iterator[list[Chosen]]:
    batch, size = list[Chosen](), 0
    for each in chosen:
        length = _size(each)
        if batch and (len(batch) == most or size + length > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += length
    if batch:
        yield batch


def _size(chosen: Chosen) -> int:
    parts = [chosen.record.key, chosen.record.value]
    for name, value in chosen.letter.headers:
        parts += [name.encode(), value]
    return sum(len(part or b"") for part in parts)
