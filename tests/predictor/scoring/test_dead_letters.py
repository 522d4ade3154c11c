from perennial_contract.messages.record import Record
from perennial_contract.reasons import DeadLetter
from perennial_predictor.scoring.answers import Answerer


def incoming(value: bytes, header: tuple[str, bytes]) -> Record:
    return Record("events", 1, 7, b"key", value, [header])


def test_what_replaces_a_refused_answer_gets_smaller(answerer: Answerer) -> None:
    event = incoming(b'{"id": 1}', ("large", b"x"))
    (answer,), _ = answerer.answer([event])
    alone, dead, bare = answerer.dead_letters.ladder(answer, "too large")
    assert alone == answer
    assert (dead.value, dead.reason) == (event.value, "AnswerRefused")
    assert (bare.value, bare.reason) == (None, "AnswerRefused")
    assert bare.key == b"events/1/7"
    assert dict(bare.headers)["perennial-source"] == "events/1/7"
    assert dict(bare.headers)["perennial-detail"] == (
        "too large; key, headers and value of 9 bytes left out"
    )


def test_a_large_dead_letter_loses_ever_more_of_its_value_and_keeps_key_and_headers(
    answerer: Answerer,
) -> None:
    event = incoming(b"x" * 100_000, ("trace", b"1"))
    (dead,), _ = answerer.answer([event])
    alone, first, second, third, bare = answerer.dead_letters.ladder(dead, "too large")
    assert alone == dead
    for shortened, size in ((first, 65_536), (second, 4096), (third, 256)):
        assert (shortened.key, shortened.value) == (b"key", b"x" * size)
        assert dict(shortened.headers)["trace"] == b"1"
        assert shortened.reason is DeadLetter.NOT_JSON
        assert dict(shortened.headers)["perennial-detail"] == (
            f"too large; the first {size} of the value's 100000 bytes"
        )
    assert bare.value is None
