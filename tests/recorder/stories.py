"""What happens to ids in a simulated stream: records with their times, and when they are sent."""

import json
import random
from dataclasses import dataclass, replace

AHEAD = 2 * 10**12  # ms; a timestamp beyond it is wrong by years


@dataclass(frozen=True)
class Sent:
    """A record, and when it reaches the broker; times in ms."""

    when: int
    labels: bool
    partition: int
    timestamp: int
    value: bytes | None


@dataclass(frozen=True)
class Shape:
    """What a simulated stream is like; times in ms."""

    begin: int
    length: int
    delay: int
    event_partitions: int
    label_partitions: int
    grown: int
    """From here on the last partition of each topic exists."""


class Stories:
    """Draws stories; each is the whole life of one id, or one record that is no use."""

    def __init__(self, rng: random.Random, shape: Shape) -> None:
        self._rng = rng
        self._shape = shape
        self._count = 0

    def draw(self) -> list[Sent]:
        rng, delay = self._rng, self._shape.delay
        self._count += 1
        id = f"id-{self._count}"  # noqa: A001
        at = self._shape.begin + 3 * delay + rng.randrange(self._shape.length)
        last = at - 3 * delay - 4000 >= self._shape.grown
        p = rng.randrange(self._shape.event_partitions - (not last))
        q = rng.randrange(self._shape.label_partitions - (not last))
        event, label = self._event(id, at, p), self._label
        inside = rng.choice([0, 1, delay // 3, delay, -1, -delay // 2, -delay])
        outside = rng.choice([delay + 1, delay + 20_000, 2 * delay, -delay - 1, -2 * delay])
        match rng.randrange(14):
            case 0:
                return [event]
            case 1 | 2 | 3:
                return [event, label(id, at + inside, q)]
            case 4:
                return [event, label(id, at + outside, q)]
            case 5:  # twice, the same or another, in one partition or two
                other = rng.randrange(self._shape.label_partitions - (not last))
                again = at + rng.randrange(delay)
                return [event, label(id, at + inside, q), label(id, again, rng.choice([q, other]))]
            case 6:
                return [
                    event,
                    label(id, at + inside, q),
                    label(id, at + outside, q),
                    label(id, at + rng.randrange(-delay, delay), q),
                ]
            case 7:  # the event twice, in one partition or two
                other = rng.randrange(self._shape.event_partitions - (not last))
                second = at + rng.randrange(-delay, delay + 1)
                twin = self._event(id, second, rng.choice([p, p, other]))
                labels = [label(id, at + inside, q)] * rng.randrange(2)
                if rng.random() < 0.3:
                    labels.append(label(id, second + rng.choice([outside, inside]), q))
                return [event, twin, *labels]
            case 8:  # the id is used again, later
                later = at + delay + 1 + rng.randrange(2 * delay)
                return [
                    event,
                    self._event(id, later, p, wait=26_000),
                    *[label(id, at + inside, q)] * rng.randrange(2),
                    *[label(id, later + inside, q)] * rng.randrange(2),
                    *[label(id, at + rng.randrange(-delay, 3 * delay), q)] * rng.randrange(2),
                ]
            case 9:
                return [label(id, at, q)]
            case 10:  # of no use
                value = rng.choice([None, b"", b"{", b"[]", b'{"x": 1}', b'{"id": "\\ud800"}'])
                labels = rng.random() < 0.5
                return [self._sent(at, q if labels else p, value, labels=labels)]
            case 11:
                value = json.dumps({"id": id, "label": rng.choice([None, "maybe", " "])}).encode()
                return [event, self._sent(at + inside, q, value, labels=True)]
            case 12:  # a clock that is wrong by years
                value = json.dumps({"id": id, "x": 1}).encode()
                sent = self._sent(at, p, value, labels=False)
                return [replace(sent, timestamp=AHEAD + at)]
            case _:  # ids that are numbers
                number = 10**6 + self._count
                return [self._event(number, at, p), label(str(number), at + inside, q)]

    def _event(self, id: object, at: int, partition: int, wait: int = 0) -> Sent:  # noqa: A002
        value = json.dumps({"id": id, "x": self._rng.random(), "ts": at - 5}).encode()
        return self._sent(at, partition, value, labels=False, wait=wait)

    def _label(self, id: object, at: int, partition: int) -> Sent:  # noqa: A002
        label = self._rng.choice(["yes", " yes", "no", "no", "0"])
        value = json.dumps({"id": id, "label": label}).encode()
        return self._sent(at, partition, value, labels=True)

    def _sent(
        self, at: int, partition: int, value: bytes | None, *, labels: bool, wait: int = 0
    ) -> Sent:
        """Sent between 3 s before and 25 s after its timestamp; `wait` keeps an order."""
        late = self._rng.choice([-3000, 0, 0, 10, 1000, self._rng.randrange(25_000)])
        return Sent(max(at + max(late, wait), self._shape.begin), labels, partition, at, value)


LABEL_SPELLINGS = {"yes": "yes", "no": "no", "0": "no"}
