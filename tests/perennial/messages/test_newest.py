from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from perennial.messages.newest import Edges, Newest
from perennial_contract.messages.record import Record


@dataclass
class FakeLog:
    """Partitions as lists; None is an offset without a record."""

    partitions: Sequence[Sequence[Record | None]]
    firsts: Sequence[int]
    read: list[Record] = field(default_factory=list)

    @property
    def edges(self) -> dict[int, Edges]:
        pairs = enumerate(zip(self.firsts, self.partitions, strict=True))
        return {p: Edges(first, len(records)) for p, (first, records) in pairs}

    def scan(self, ranges: Mapping[int, Edges]) -> Iterator[Record]:
        for partition, (first, end) in ranges.items():
            for record in self.partitions[partition][first:end]:
                if record is not None:
                    self.read.append(record)
                    yield record

    def held(self) -> list[Record]:
        kept = zip(self.firsts, self.partitions, strict=True)
        return [r for first, records in kept for r in records[first:] if r is not None]


@st.composite
def logs(draw: st.DrawFn) -> FakeLog:
    """Times grow in each partition; there are gaps, and beginnings that retention has moved."""
    partitions: list[list[Record | None]] = []
    firsts = []
    for partition in range(draw(st.integers(1, 4))):
        at, records = 0, list[Record | None]()
        for step in draw(st.lists(st.integers(0, 3) | st.none(), max_size=30)):
            at += step or 0
            value = str(step).encode()
            place = ("t", partition, len(records))
            records.append(None if step is None else Record(*place, None, value, None, at))
        partitions.append(records)
        firsts.append(draw(st.integers(0, len(records))))
    return FakeLog(partitions, firsts)


@given(logs(), st.integers(1, 12), st.sampled_from([b"", b"3"]))
def test_the_newest_are_those_of_a_look_at_everything(
    log: FakeLog, last: int, value: bytes
) -> None:
    def wanted(record: Record) -> bool:
        return not value or record.value == value

    found = Newest(last, wanted, log.edges).look(log)

    held = sorted(filter(wanted, log.held()), key=lambda r: r.timestamp)
    assert [r.timestamp for r in found] == [r.timestamp for r in held[-last:]]
    assert len(set(log.read)) == len(log.read)  # nothing is read twice
    assert set(found) <= set(held)


def test_of_a_long_log_no_more_is_read_than_what_is_shown() -> None:
    partitions = [[Record("t", p, n, None, b"", None, n) for n in range(10_000)] for p in (0, 1)]
    log = FakeLog(partitions, [0, 0])
    assert len(Newest(10, lambda _: True, log.edges).look(log)) == 10
    assert len(log.read) == 20
