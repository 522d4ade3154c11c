"""Histories of ids in a simulated stream: records with their times, and when they are sent."""

from __future__ import annotations

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

    start: int
    length: int
    delay: int
    event_partitions: int
    label_partitions: int
    grown: int
    """From here on the last partition of each topic exists."""
    jitter: int = 25_000
    """By how much a record may come late; the recorder allows for 30 s."""


@dataclass(frozen=True)
class Plot:
    """What a story is made of; times in ms."""

    id: str
    at: int
    events: range
    labels: range
    inside: int
    outside: int
    p: int
    q: int


class Stories:
    """Draws stories; each is the whole life of one id, or one record that is no use."""

    def __init__(self, rng: random.Random, shape: Shape) -> None:
        self._rng = rng
        self._shape = shape
        self._count = 0

    def draw(self) -> list[Sent]:
        rng, delay, shape = self._rng, self._shape.delay, self._shape
        self._count += 1
        at = shape.start + 3 * delay + rng.randrange(shape.length)
        fewer = at - 3 * delay - 4000 < shape.grown
        plot = Plot(
            id=f"id-{self._count}",
            at=at,
            events=range(shape.event_partitions - fewer),
            labels=range(shape.label_partitions - fewer),
            inside=rng.choice([0, 1, delay // 3, delay, -1, -delay // 2, -delay]),
            outside=rng.choice([delay + 1, delay + 20_000, 2 * delay, -delay - 1, -2 * delay]),
            p=rng.randrange(shape.event_partitions - fewer),
            q=rng.randrange(shape.label_partitions - fewer),
        )
        kinds = [self._plain] * 4 + [
            self._alone,
            self._outside,
            self._label_twice,
            self._label_often,
            self._event_twice,
            self._id_again,
            self._orphan,
            self._of_no_use,
            self._no_label,
            self._wrong_clock,
            self._without_time,
        ]
        return rng.choice(kinds)(plot)

    def _plain(self, plot: Plot) -> list[Sent]:
        """An event and its label in time; the id of some is a number here and a text there."""
        id = plot.id if self._rng.random() < 0.7 else 10**6 + self._count  # noqa: A001
        label = self._label(str(id), plot.at + plot.inside, plot.q)
        return [self._event(id, plot.at, plot.p), label]

    def _alone(self, plot: Plot) -> list[Sent]:
        return [self._event(plot.id, plot.at, plot.p)]

    def _outside(self, plot: Plot) -> list[Sent]:
        """Too late, or too early."""
        return [*self._alone(plot), self._label(plot.id, plot.at + plot.outside, plot.q)]

    def _label_twice(self, plot: Plot) -> list[Sent]:
        """The same or another, in one partition or two."""
        again = plot.at + self._rng.randrange(self._shape.delay)
        second = self._label(plot.id, again, self._rng.choice([plot.q, *plot.labels]))
        return [*self._alone(plot), self._label(plot.id, plot.at + plot.inside, plot.q), second]

    def _label_often(self, plot: Plot) -> list[Sent]:
        delay = self._shape.delay
        times = [plot.inside, plot.outside, self._rng.randrange(-delay, delay)]
        labels = [self._label(plot.id, plot.at + time, plot.q) for time in times]
        return [*self._alone(plot), *labels]

    def _event_twice(self, plot: Plot) -> list[Sent]:
        """In one partition or two; without a label, with one or with two."""
        rng, delay = self._rng, self._shape.delay
        second = plot.at + rng.randrange(-delay, delay + 1)
        twin = self._event(plot.id, second, rng.choice([plot.p, plot.p, *plot.events]))
        times = [plot.at + plot.inside, second + rng.choice([plot.outside, plot.inside])]
        labels = [self._label(plot.id, time, plot.q) for time in times]
        return [*self._alone(plot), twin, *labels[: rng.randrange(3)]]

    def _id_again(self, plot: Plot) -> list[Sent]:
        """Another event under the same id, when the first can have no label any more."""
        rng, delay, wait = self._rng, self._shape.delay, self._shape.jitter + 1000
        later = plot.at + delay + 1 + rng.randrange(2 * delay)
        second = self._event(plot.id, later, plot.p, wait)
        anywhere = plot.at + rng.randrange(-delay, 3 * delay)
        times = [plot.at + plot.inside, later + plot.inside, anywhere]
        labels = [self._label(plot.id, time, plot.q) for time in times if rng.random() < 0.5]
        return [*self._alone(plot), second, *labels]

    def _orphan(self, plot: Plot) -> list[Sent]:
        return [self._label(plot.id, plot.at, plot.q)]

    def _of_no_use(self, plot: Plot) -> list[Sent]:
        values = [None, b"", b"{", b"[]", b'{"x": 1}', b'{"id": "\\ud800"}']
        of_label = self._rng.random() < 0.5
        partition = plot.q if of_label else plot.p
        return [self._sent(plot.at, partition, self._rng.choice(values), labels=of_label)]

    def _no_label(self, plot: Plot) -> list[Sent]:
        """A label message whose label is null, or of neither class."""
        label = {"id": plot.id, "label": self._rng.choice([None, "maybe", " "])}
        value = json.dumps(label).encode()
        sent = self._sent(plot.at + plot.inside, plot.q, value, labels=True)
        return [*self._alone(plot), sent]

    def _wrong_clock(self, plot: Plot) -> list[Sent]:
        return [replace(self._event(plot.id, plot.at, plot.p), timestamp=AHEAD + plot.at)]

    def _without_time(self, plot: Plot) -> list[Sent]:
        """Where events need a time of their own, this is none."""
        value = json.dumps({"id": plot.id, "x": self._rng.random()}).encode()
        label = self._label(plot.id, plot.at + plot.inside, plot.q)
        return [self._sent(plot.at, plot.p, value, labels=False), label]

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
        """Sent between 3 s before and `jitter` after its timestamp; `wait` keeps an order."""
        late = self._rng.choice([-3000, 0, 0, 10, 1000, self._rng.randrange(self._shape.jitter)])
        return Sent(max(at + max(late, wait), self._shape.start), labels, partition, at, value)


LABEL_SPELLINGS = {"yes": "yes", "no": "no", "0": "no"}
