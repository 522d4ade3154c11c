from perennial_recorder.progress.ledger import Ledger
from perennial_recorder.progress.progress import Life
from perennial_recorder.progress.replay import Restore
from perennial_recorder.records import Arrival, Overtaken, Partition, Topic

P, Q, L = Partition("events", 0), Partition("events", 1), Partition("labels", 0)


def arrival(partition: Partition, offset: int) -> Arrival:
    return Arrival(partition, offset, 1, None, b"{}", None)


def a_life() -> Life:
    """P was read to 2, and S3 holds its offset 3; Q was read to 1; the labels to 1."""
    life = Life("events", "labels", {"events": Topic("e", 2), "labels": Topic("l", 1)})
    for partition, read in ((P, 2), (Q, 1), (L, 1)):
        before = Ledger(0)
        for offset in range(read):
            before.take(offset)
        life.read(partition, Ledger.restored(before.marks()))
    life.inputs[P].written = 4
    return life


def test_events_known_come_first_then_those_on_s3_then_labels_then_the_new() -> None:
    life = a_life()
    restore = Restore(life)
    taken = []

    def take(records: list[Arrival | Overtaken]) -> None:
        for record in records:
            assert isinstance(record, Arrival)
            life.inputs[record.partition].ledger.take(record.offset)
            taken.append((record.partition, record.offset))

    take(restore.admit([arrival(Q, 0), arrival(Q, 1), arrival(P, 0)]))
    assert taken == [(Q, 0), (P, 0)]
    assert restore.resting() == {Q, L}
    assert restore.advance(()) == []
    take(restore.admit([arrival(P, o) for o in range(1, 6)]))
    assert restore.topics() == {"events"}
    take(restore.advance(()))
    assert taken[2:] == [(P, 1), (P, 2), (P, 3)]
    assert restore.advance(()) == []
    assert restore.topics() == {"events", "labels"}
    take(restore.admit([arrival(L, 0), arrival(L, 1)]))
    assert not restore.over()
    take(restore.advance(()))
    assert restore.over()
    assert taken[5:] == [(L, 0), (Q, 1), (P, 4), (P, 5), (L, 1)]


def test_a_goal_that_compaction_removed_is_passed() -> None:
    life = a_life()
    restore = Restore(life)
    assert restore.advance(()) == []
    restore.advance({P, Q})
    restore.advance({P, Q, L})
    assert restore.over()


def test_where_nothing_was_read_nothing_is_read_again() -> None:
    life = Life("events", None, {"events": Topic("e", 1)})
    life.read(P, Ledger(17))
    restore = Restore(life)
    restore.advance(())
    assert restore.over()
