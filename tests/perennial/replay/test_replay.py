from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from perennial.replay.fates import Fate, Fates
from perennial.replay.replay import Done, Replay, batches
from perennial.replay.selection import Selection, Span
from perennial_contract.messages.dead_letters import shortened
from perennial_contract.messages.record import Record
from perennial_contract.messages.replays import RECEIPT_HEADER
from tests.fakes.replays import DEAD, EVENTS, FakeKafka, Killed

OURS = "default.income"


def letter(  # noqa: PLR0913  what tests tell apart
    partition: int,
    offset: int,
    source: str = "",
    *,
    reason: str = "NotJson",
    detail: str = "it is none",
    pipeline: str = OURS,
    value: bytes | None = b"{",
    headers: Sequence[tuple[str, bytes]] = (),
) -> Record:
    """A dead letter; of the event at its own place, where nothing else is said."""
    own = {
        "perennial-reason": reason,
        "perennial-detail": detail,
        "perennial-source": source or f"{EVENTS}/{partition}/{offset}",
        "perennial-pipeline": pipeline,
    }
    written = [*headers, *((name, text.encode()) for name, text in own.items())]
    return Record(DEAD, partition, offset, b"k", value, written, 10 * offset)


def replay(
    kafka: FakeKafka, selection: Selection | None = None, most: int = 2
) -> tuple[Fates, Done]:
    """Looks at the topic as it is, and sends again what is chosen."""
    fates = Fates(selection or Selection(), OURS, EVENTS)
    edges = kafka.settled()
    for record in kafka.scan(edges):
        fates.read(record)
    told = list[int]()
    done = Replay(fates, kafka, edges, kafka, len(kafka.events), most).run(told.append)
    assert told == sorted(told)
    return fates, done


def marks(kafka: FakeKafka) -> Counter[str]:
    """The dead letters that events were sent again for."""
    headers = [dict(record.headers or ()) for log in kafka.events for record in log]
    return Counter((each["perennial-replayed"] or b"").decode() for each in headers)


def test_an_event_goes_back_to_its_place_as_it_came_with_a_mark() -> None:
    twice = [("trace", b"1"), ("trace", b"2")]
    dead = [[], [letter(1, 0, f"{EVENTS}/1/24", headers=twice, value=b"\xff")]]
    kafka = FakeKafka(dead, [[], []])

    _, done = replay(kafka)

    assert done == Done({"NotJson": 1}, {})
    mark = ("perennial-replayed", b"dead/1/0")
    assert kafka.events == [[], [Record(EVENTS, 1, 0, b"k", b"\xff", [*twice, mark], 99)]]
    assert [name for name, _ in kafka.dead[1][1].headers or ()] == [RECEIPT_HEADER]


def test_what_was_sent_again_is_not_sent_once_more() -> None:
    kafka = FakeKafka([[letter(0, n) for n in range(5)]], [[]])
    _, first = replay(kafka)
    fates, second = replay(kafka)
    assert first == Done({"NotJson": 5}, {})
    assert second == Done({}, {Fate.ALREADY_REPLAYED: 5})
    assert fates.to_send() == {}
    assert fates.samples() == []
    assert marks(kafka) == Counter(f"dead/0/{n}" for n in range(5))


def test_two_dead_letters_of_one_event_are_one_and_another_event_at_its_place_is_not() -> None:
    of_one = [letter(0, 0, "events/0/9"), letter(0, 1, "events/0/9", detail="in other words")]
    kafka = FakeKafka([[*of_one, letter(0, 2, "events/0/9", value=b"[")]], [[]])
    _, done = replay(kafka)
    assert done == Done({"NotJson": 2}, {Fate.SAME_EVENT: 1})
    assert marks(kafka) == Counter(["dead/0/0", "dead/0/2"])
    kafka.dead[0].append(letter(0, len(kafka.dead[0]), "events/0/9"))  # by a predictor that died
    assert replay(kafka)[1] == Done({}, {Fate.ALREADY_REPLAYED: 2, Fate.SAME_EVENT: 2})


def test_a_receipt_is_found_wherever_the_other_dead_letter_of_its_event_stands() -> None:
    kafka = FakeKafka([[letter(0, 0, "events/0/9")], [letter(1, 0, "events/0/9")]], [[]])
    assert replay(kafka, Selection(spans=(Span(0),)))[1] == Done({"NotJson": 1}, {})
    assert replay(kafka, Selection(spans=(Span(1),)))[1] == Done({}, {Fate.ALREADY_REPLAYED: 1})


def test_what_failed_again_is_told_apart_and_sent_only_when_asked_for() -> None:
    kafka = FakeKafka([[letter(0, 0, "events/0/7")]], [[]])
    replay(kafka)
    (sent,) = kafka.events[0]
    kafka.dead[0].append(letter(0, 2, sent.source, headers=list(sent.headers or ())))  # type: ignore[arg-type]

    assert replay(kafka)[1] == Done({}, {Fate.ALREADY_REPLAYED: 1, Fate.FAILED_AGAIN: 1})
    assert replay(kafka, Selection(again=True))[1] == Done(
        {"NotJson": 1}, {Fate.ALREADY_REPLAYED: 1}
    )
    assert marks(kafka) == Counter(["dead/0/0", "dead/0/2"])  # one mark each
    assert replay(kafka, Selection(again=True))[1] == Done({}, {Fate.ALREADY_REPLAYED: 2})


def test_what_cannot_be_sent_again_is_counted_and_left() -> None:
    dead = [
        letter(0, 0, detail=shortened("no", 1, 9)),
        letter(0, 1, "old-events/0/1"),
        letter(0, 2, pipeline="default.loans"),
        letter(0, 3, value=b"large"),
        letter(0, 4),
        Record(DEAD, 0, 5, None, b"{", None, 50),
    ]
    kafka = FakeKafka([dead], [[]], refused=frozenset({b"large"}))
    assert replay(kafka, most=10)[1] == Done(
        {"NotJson": 1}, {Fate.CUT: 1, Fate.ANOTHER_TOPIC: 1, Fate.REFUSED: 1}
    )
    assert marks(kafka) == Counter(["dead/0/4"])


def test_only_what_is_chosen_is_sent_again() -> None:
    dead = [[letter(p, n, reason="NoId" if n % 2 else "NotJson") for n in range(6)] for p in (0, 1)]
    for selection, expected in (
        (Selection(reasons={"NoId"}), {(p, n) for p in (0, 1) for n in (1, 3, 5)}),
        (Selection(since=20, until=40), {(p, n) for p in (0, 1) for n in (2, 3)}),
        (Selection(spans=(Span(1, 2, 3), Span(1, 5, 5))), {(1, 2), (1, 3), (1, 5)}),
        (Selection(spans=(Span(0),)), {(0, n) for n in range(6)}),
        (Selection(spans=(Span(7),)), set()),
    ):
        kafka = FakeKafka([[*log] for log in dead], [[], []])
        replay(kafka, selection)
        assert marks(kafka) == Counter(f"dead/{p}/{n}" for p, n in expected)


def test_where_partitions_are_fewer_than_they_were_the_key_chooses() -> None:
    kafka = FakeKafka([[letter(0, 0, f"{EVENTS}/7/3")]], [[], []])
    replay(kafka)
    assert marks(kafka) == Counter(["dead/0/0"])


def test_a_transaction_is_neither_long_nor_large() -> None:
    fates = Fates(Selection(), OURS, EVENTS)
    sizes = [1, 1, 1, 999_998, 1, 1_000_001, 1]
    records = [letter(0, n, value=b"x" * size) for n, size in enumerate(sizes)]
    chosen = [fates.choose(record) for record in records]
    found = batches((each for each in chosen if each and not isinstance(each, Fate)), 3)
    assert [len(batch) for batch in found] == [3, 1, 1, 1, 1]


def test_an_events_headers_count_in_the_size_of_a_batch() -> None:
    fates = Fates(Selection(), OURS, EVENTS)
    records = [letter(0, n, value=None, headers=[("h", b"x" * 400_000)]) for n in range(5)]
    chosen = [fates.choose(record) for record in records]
    found = batches((each for each in chosen if each and not isinstance(each, Fate)), 500)
    assert [len(batch) for batch in found] == [2, 2, 1]


@st.composite
def topics(draw: st.DrawFn) -> list[list[Record]]:
    """Dead letters, some of which are of one event."""
    return [
        [
            letter(partition, offset, f"{EVENTS}/{partition}/{draw(st.integers(0, 5))}")
            for offset in range(draw(st.integers(0, 7)))
        ]
        for partition in (0, 1)
    ]


@given(topics(), st.integers(1, 4), st.lists(st.integers(1, 60), max_size=6))
def test_however_often_it_is_killed_each_event_is_sent_once(
    dead: list[list[Record]], most: int, kills: list[int]
) -> None:
    events = {dict(record.headers or ())["perennial-source"] for log in dead for record in log}
    kafka = FakeKafka([[*log] for log in dead], [[], []])
    for kafka.ends_in in kills:
        try:
            replay(kafka, most=most)
        except Killed:
            continue
    kafka.ends_in = -1
    replay(kafka, most=most)

    sent = Counter(place for place, count in marks(kafka).items() for _ in range(count))
    assert set(sent.values()) <= {1}
    places = {record.source: dict(record.headers or ()) for log in dead for record in log}
    assert Counter(places[place]["perennial-source"] for place in sent) == Counter(events)
