"""Clocks that a test moves."""

from dataclasses import dataclass, field

from perennial_recorder.join.stream_clock import StreamClock


@dataclass
class Clocks:
    """Ms since 1970, ms of the monotonic clock, and the stream's clock that goes by both."""

    wall: int
    moment: int = 5000
    created: int = 0
    stream: StreamClock = field(init=False)

    def __post_init__(self) -> None:
        self.stream = StreamClock(
            lambda: self.wall / 1000, lambda: self.moment / 1000, self.created
        )

    def go(self, milliseconds: int) -> None:
        self.wall += milliseconds
        self.moment += milliseconds

    def read(self, *timestamps: int, partition: int = 0) -> None:
        self.stream.read((partition, t) for t in timestamps)
