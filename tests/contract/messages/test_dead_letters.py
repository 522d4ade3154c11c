from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.messages.dead_letters import (
    DeadLetterRecord,
    bare,
    read_dead_letter,
    shortened,
)
from perennial_contract.messages.provenance import Provenance
from perennial_contract.messages.record import Record
from perennial_contract.messages.references import Rejection
from perennial_contract.reasons import DeadLetter
from perennial_predictor.scoring.dead_letters import DeadLetters

Headers = Sequence[tuple[str, bytes | None]]
WRITER = DeadLetters(Provenance("default.income"))
NAMES = [
    "trace",
    "perennial-source",
    "perennial-reason",
    "perennial-replayed",
    "perennial-pipeline",
]


def dead(event: Record, why: Rejection) -> Record:
    """As a client reads back what the predictor sends."""
    out = WRITER.write(event, why)
    headers = [(k, v.encode() if isinstance(v, str) else v) for k, v in out.headers]
    return Record("dead", 0, 7, out.key, out.value, headers, 1)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.binary(max_size=3) | st.none()), max_size=9))
def test_an_events_own_headers_are_told_from_those_of_its_dead_letter(headers: Headers) -> None:
    event = Record("events", 1, 24, b"k", b"{", headers)
    letter = read_dead_letter(dead(event, Rejection(DeadLetter.NOT_JSON, "no")))
    told = ("NotJson", "no", "events/1/24", "default.income", tuple(headers))
    assert letter == DeadLetterRecord(*told)
    assert letter.is_whole


@pytest.mark.parametrize(
    ("headers", "replayed"),
    [
        ((), ""),
        ((("perennial-replayed", b"dead/0/7"),), "dead/0/7"),
        ((("perennial-replayed", b"dead/0/7"), ("perennial-replayed", b"dead/1/9")), "dead/1/9"),
        ((("perennial-replayed", None),), ""),
    ],
)
def test_a_dead_letter_says_whether_its_event_had_been_sent_again(
    headers: Headers, replayed: str
) -> None:
    event = Record("events", 1, 24, b"k", b"{", headers)
    letter = read_dead_letter(dead(event, Rejection(DeadLetter.NOT_JSON, "no")))
    assert letter
    assert letter.replayed == replayed


def test_a_record_that_is_no_dead_letter_is_none() -> None:
    headers = (("perennial-reason", b"NotJson"), ("perennial-detail", b""))
    for each in (None, (), headers, (("trace", b"1"),)):
        assert read_dead_letter(Record("dead", 0, 7, None, b"{", each)) is None


@pytest.mark.parametrize("more", ["", ": " + "x" * 600], ids=["short", "long"])
def test_every_dead_letter_of_the_ladder_but_the_whole_one_says_that_it_is_not(more: str) -> None:
    event = Record("events", 1, 24, b"k", b"x" * (1 << 20), ())
    refused = WRITER.write(event, Rejection(DeadLetter.NOT_JSON, "no"))
    said = []
    for out in WRITER.ladder(refused, f"dead: Broker: Message size too large{more}"):
        headers = [(k, v.encode() if isinstance(v, str) else v) for k, v in out.headers]
        letter = read_dead_letter(Record("dead", 0, 7, out.key, out.value, headers))
        assert letter
        said.append((len(out.value or b""), letter.is_whole))
    assert said == [(1 << 20, True), *((1 << n, False) for n in (19, 16, 12, 8)), (0, False)]
    assert shortened("m", 1, 2) == "m; the first 1 of the value's 2 bytes"
    assert bare("m", 2) == "m; key, headers and value of 2 bytes left out"
