from perennial.messages.dead_letters import Wanted, fields, text
from perennial_contract.messages.record import Record

OWN = [
    ("perennial-reason", b"NotJson"),
    ("perennial-detail", b"Expecting value"),
    ("perennial-source", b"events/1/24"),
    ("perennial-pipeline", b"default.income"),
]
LETTER = Record("dead", 1, 3, b"1024", b"{\xff", [("trace", b"4b"), *OWN], 1_790_000_000_000)
AGAIN = LETTER._replace(value=None, headers=[("perennial-replayed", b"dead/1/2"), *OWN])


def test_a_dead_letter_is_shown_with_its_reason() -> None:
    assert text(LETTER) == "NotJson: Expecting value  {\ufffd"
    hostile = LETTER._replace(value=b"{\x1b]0;x\x07\r\n\xc2\x9b\t")
    assert text(hostile) == "NotJson: Expecting value  {\\x1b]0;x\\x07\\r\\n\\x9b\\t"
    assert text(AGAIN) == "NotJson (sent again before): Expecting value"


def test_a_dead_letter_is_told_to_a_program_whole() -> None:
    assert fields(LETTER) == {
        "at": "2026-09-21T14:13:20.000+00:00",
        "place": "dead/1/3",
        "key": "1024",
        "reason": "NotJson",
        "detail": "Expecting value",
        "source": "events/1/24",
        "replayed": None,
        "headers": [{"name": "trace", "value": "4b"}],
        "valueBase64": "e/8=",
    }
    assert fields(AGAIN)["replayed"] == "dead/1/2"
    assert fields(AGAIN)["value"] is None


def test_dead_letters_are_chosen_by_pipeline_and_reason() -> None:
    assert Wanted("default.income").matches(LETTER)
    assert Wanted("default.income", {"NotJson"}).matches(LETTER)
    assert not Wanted("default.income", {"NoId"}).matches(LETTER)
    assert not Wanted("default.loans").matches(LETTER)
    assert not Wanted("default.income").matches(LETTER._replace(headers=OWN[:3]))
