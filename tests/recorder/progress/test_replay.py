from perennial_contract.messages.record import Record
from perennial_recorder.progress.ledger import Ledger
from perennial_recorder.progress.progress import Progress
from perennial_recorder.progress.replay import Replay
from perennial_recorder.records import OutOfRange, Partition, Topic, partition_of

P, Q, L = Partition("events", 0), Partition("events", 1), Partition("labels", 0)


def arrival(partition: Partition, offset: int) -> Record:
    return Record(*partition, offset, None, b"{}", timestamp=1)


def a_progress() -> Progress:
    """P was read to 2, and S3 holds its offset 3; Q was read to 1; the labels to 1."""
    progress = Progress("events", "labels", {"events": Topic("e", 2), "labels": Topic("l", 1)})
    for partition, read in ((P, 2), (Q, 1), (L, 1)):
        before = Ledger(0)
        for offset in range(read):
            before.take(offset)
        progress.add_input(partition, Ledger.restored(before.marks()))
    progress.inputs[P].written = 4
    return progress


def test_events_known_come_first_then_those_on_s3_then_labels_then_the_new() -> None:
    progress = a_progress()
    replay = Replay(progress)
    taken = []

    def take(records: list[Record | OutOfRange]) -> None:
        for record in records:
            assert isinstance(record, Record)
            progress.inputs[partition_of(record)].ledger.take(record.offset)
            taken.append((partition_of(record), record.offset))

    take(replay.admit([arrival(Q, 0), arrival(Q, 1), arrival(P, 0)]))
    assert taken == [(Q, 0), (P, 0)]
    assert replay.resting() == {Q, L}
    assert replay.advance() == []
    take(replay.admit([arrival(P, o) for o in range(1, 6)]))
    assert replay.topics() == {"events"}
    take(replay.advance())
    assert taken[2:] == [(P, 1), (P, 2), (P, 3)]
    assert replay.advance() == []
    assert replay.topics() == {"events", "labels"}
    take(replay.admit([arrival(L, 0), arrival(L, 1)]))
    assert not replay.over()
    take(replay.advance())
    assert replay.over()
    assert taken[5:] == [(L, 0), (Q, 1), (P, 4), (P, 5), (L, 1)]


def test_what_the_source_has_passed_is_known_up_to_the_goals_of_the_stage() -> None:
    progress = a_progress()
    replay = Replay(progress)
    assert replay.passed({P: 1, L: 9}) == {P: 1}
    assert replay.passed({P: 5, Q: 5}) == {P: 2, Q: 1}
    for partition, position in ((P, 2), (Q, 1)):
        progress.inputs[partition].ledger.overtake(position)
    assert replay.advance() == []
    assert replay.passed({P: 5, Q: 5}) == {P: 4, Q: 1}
    progress.inputs[P].ledger.overtake(4)
    assert replay.advance() == []
    assert replay.passed({P: 5, Q: 5, L: 1}) == {L: 1}
    progress.inputs[L].ledger.overtake(1)
    assert replay.advance() == []
    assert replay.over()


def test_where_nothing_was_read_nothing_is_read_again() -> None:
    progress = Progress("events", None, {"events": Topic("e", 1)})
    progress.add_input(P, Ledger(17))
    replay = Replay(progress)
    replay.advance()
    assert replay.over()
