import json
from dataclasses import replace
from typing import Any

from perennial.pipeline import Message, Names, load
from perennial.stream.traffic import Due, Traffic
from perennial.world.agrawal import label
from perennial.world.rows import Applications, Row
from tests.support.examples.builders import LOANS as LOANS_FILE

PIPELINE = load(LOANS_FILE)


def sent(traffic: Traffic, start: float, end: float, tick: float = 0.05) -> list[tuple[float, Due]]:
    """What is due at every tick from `start` to `end`."""
    ticks = int((end - start) / tick) + 1
    return [(start + n * tick, traffic.due(start + n * tick)) for n in range(ticks)]


def content(message: Message) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(message.value)
    return read


def of(topic: str, dues: list[tuple[float, Due]]) -> list[tuple[float, Message]]:
    return [(at, message) for at, due in dues for message in due.messages if message.topic == topic]


def test_eighty_events_a_second_are_due_whatever_the_ticks() -> None:
    fine = of(PIPELINE.events, sent(Traffic(PIPELINE, "r", Applications(1)), 100.0, 110.0))
    coarse = of(
        PIPELINE.events, sent(Traffic(PIPELINE, "r", Applications(1)), 100.0, 110.0, tick=2.5)
    )

    assert len(fine) in {800, 801}
    assert [message for _, message in fine][:800] == [message for _, message in coarse][:800]


def test_every_event_is_keyed_by_an_id_of_its_own() -> None:
    events = [
        message
        for _, message in of(PIPELINE.events, sent(Traffic(PIPELINE, "r", Applications(1)), 0, 5))
    ]

    assert len({message.key for message in events}) == len(events)
    assert all(content(message)[PIPELINE.id_field] == message.key for message in events)


def test_every_label_comes_once_and_one_to_two_seconds_after_its_event() -> None:
    traffic = Traffic(PIPELINE, "r", Applications(1))
    dues = sent(traffic, 0.0, 20.0)
    events = {message.key: at for at, message in of(PIPELINE.events, dues)}
    labels = [(message.key, at) for at, message in of(PIPELINE.labels, dues)]
    owed = [message.key for message in traffic.owed()]

    assert all(1.0 <= at - events[key] <= 2.1 for key, at in labels)
    assert sorted([*(key for key, _ in labels), *owed]) == sorted(events)
    assert traffic.owed() == []


def test_what_is_issued_is_what_the_label_says() -> None:
    traffic = Traffic(PIPELINE, "r", Applications(1))
    dues = sent(traffic, 0.0, 10.0)
    issued = {issue.id: issue.group for _, due in dues for issue in due.issues}
    labels = [content(message) for _, message in of(PIPELINE.labels, dues)]

    assert all(issued[read[PIPELINE.id_field]] == read[PIPELINE.label] for read in labels)


def test_the_world_changes_between_two_events() -> None:
    rows = Applications(1)
    traffic = Traffic(PIPELINE, "r", rows)
    before = sent(traffic, 0.0, 10.0)
    rows.change(4)
    after = sent(traffic, 10.0, 20.0)

    assert {issue.world for _, due in before for issue in due.issues} == {0}
    assert {issue.world for _, due in after for issue in due.issues} == {1}
    assert min(agreeing(PIPELINE, before, 7), agreeing(PIPELINE, after, 4)) > 0.9
    assert max(agreeing(PIPELINE, before, 4), agreeing(PIPELINE, after, 7)) < 0.6


def agreeing(pipeline: Names, dues: list[tuple[float, Due]], function: int) -> float:
    """Share of issued labels that are what a function says."""
    records = {m.key: content(m)[pipeline.record] for _, m in of(pipeline.events, dues)}
    issues = [issue for _, due in dues for issue in due.issues]
    right = [issue.group == label(function, records[issue.id]) for issue in issues]
    return sum(right) / len(right)


def test_a_stream_of_so_many_rows_sends_each_once_and_is_over() -> None:
    rows = [Row({"n": number}, "A") for number in range(50)]
    traffic = Traffic(PIPELINE, "r", iter(rows), rate=100)
    events = [content(message) for _, message in of(PIPELINE.events, sent(traffic, 0.0, 1.0))]

    assert traffic.over
    assert [event["data"] for event in events] == [row.record for row in rows]
    assert len(traffic.owed()) == 50


def test_a_label_may_lie_inside_the_event_and_is_not_sent_again() -> None:
    inside = replace(PIPELINE, labels="", label="data.outcome.group", id_field="")
    traffic = Traffic(inside, "r", iter([Row({"age": 37}, "A")]))
    due = traffic.due(0.0)

    message = Message(
        inside.events, "r-000000", b'{"data": {"age": 37, "outcome": {"group": "A"}}}'
    )
    assert due.messages == [message]
    assert traffic.owed() == []
