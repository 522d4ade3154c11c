"""Fates of dead letters: which are sent again, and why others are not."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from perennial.replay.selection import Selection
from perennial_contract.messages.dead_letters import DeadLetterRecord, read_dead_letter
from perennial_contract.messages.record import Record
from perennial_contract.messages.replays import identity_of, read_receipt

SAMPLES: Final = 3  # of each reason


class Fate(StrEnum):
    """What becomes of a dead letter that was chosen, if it is not sent again."""

    ALREADY_REPLAYED = "alreadyReplayed"
    SAME_EVENT = "sameEvent"
    FAILED_AGAIN = "failedAgain"
    CUT = "cut"
    ANOTHER_TOPIC = "anotherTopic"
    REFUSED = "refused"


REFUSED: Final = frozenset({Fate.CUT, Fate.ANOTHER_TOPIC, Fate.REFUSED})
"""Those that a person has to look after."""


class Chosen(NamedTuple):
    """A dead letter whose event may be sent again."""

    record: Record
    letter: DeadLetterRecord
    identity: bytes


@dataclass(slots=True)
class Fates:
    """Those of one pipeline's dead letters, as their topic is read once; about 200 bytes each."""

    selection: Selection
    pipeline: str
    """Its id prefix."""
    events: str
    """The topic that it reads."""
    others: Counter[Fate] = field(default_factory=Counter)
    """Those that were chosen and cannot be sent, whatever receipts say."""
    replayed: set[bytes] = field(default_factory=set)
    """Identities on receipts."""
    _reasons: dict[bytes, str] = field(default_factory=dict)  # by identity
    _samples: dict[str, deque[Chosen]] = field(default_factory=dict)  # by reason

    def read(self, record: Record) -> None:
        self.replayed.update(read_receipt(record))
        chosen = self.choose(record)
        if isinstance(chosen, Fate):
            self.others[chosen] += 1
        elif chosen and chosen.identity in self._reasons:
            self.others[Fate.SAME_EVENT] += 1
        elif chosen:
            reason = chosen.letter.reason
            self._reasons[chosen.identity] = reason
            self._samples.setdefault(reason, deque(maxlen=SAMPLES)).append(chosen)

    def choose(self, record: Record) -> Chosen | Fate | None:
        """What a record is by itself; None for what was not chosen."""
        letter = read_dead_letter(record)
        if letter is None or letter.pipeline != self.pipeline:
            return None
        if not self.selection.matches(letter, record):
            return None
        if letter.replayed and not self.selection.again:
            return Fate.FAILED_AGAIN
        if letter.source.rpartition("/")[0].rpartition("/")[0] != self.events:
            return Fate.ANOTHER_TOPIC
        if not letter.is_whole:
            return Fate.CUT
        return Chosen(record, letter, identity_of(letter, record))

    def to_send(self) -> Mapping[str, int]:
        """How many events are to be sent again, by reason."""
        counts = Counter(r for each, r in self._reasons.items() if each not in self.replayed)
        return dict(sorted(counts.items()))

    def left(self) -> dict[Fate, int]:
        """How many are not, and why."""
        already = sum(each in self.replayed for each in self._reasons)
        counts = self.others + Counter({Fate.ALREADY_REPLAYED: already})
        return {fate: counts[fate] for fate in Fate if counts[fate]}

    def samples(self) -> list[Record]:
        """The newest that are to be sent again, a few of each reason."""
        found = (chosen for _, few in sorted(self._samples.items()) for chosen in few)
        return [chosen.record for chosen in found if chosen.identity not in self.replayed]
