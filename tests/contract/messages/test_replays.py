import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.messages.dead_letters import DeadLetterRecord
from perennial_contract.messages.record import Record
from perennial_contract.messages.replays import (
    RECEIPT_HEADER,
    Sent,
    identity_of,
    read_receipt,
    receipt,
    sent_again,
)

LETTER = DeadLetterRecord("NotJson", "no", "events/1/24", "default.income", (("trace", b"1"),))
RECORD = Record("dead", 1, 7, b"k", b"{", (), 5)


def read_back(sent: Sent) -> Record:
    headers = [(k, v.encode() if isinstance(v, str) else v) for k, v in sent.headers]
    return RECORD._replace(key=sent.key, value=sent.value, headers=headers)


@given(st.lists(st.binary(min_size=9, max_size=9), min_size=1, max_size=20))
def test_a_receipt_is_read_as_it_was_written(identities: list[bytes]) -> None:
    assert list(read_receipt(read_back(receipt(identities, "default.income")))) == identities


@pytest.mark.parametrize(
    "value",
    [None, b"", b"{", b"[]", b'{"replayed": 1}', b'{"replayed":["\xff"]}', b'{"replayed":["a"]}'],
)
def test_what_is_no_receipt_names_nothing(value: bytes | None) -> None:
    assert read_receipt(RECORD._replace(value=value, headers=[(RECEIPT_HEADER, b"p")])) == ()


def test_a_dead_letter_is_no_receipt_whatever_its_event_had() -> None:
    sent = read_back(receipt([b"123456789"], "default.income"))
    headers = [*(sent.headers or ()), ("perennial-reason", b"NotJson")]
    assert read_receipt(sent._replace(headers=headers)) == ()


def test_an_event_is_itself_wherever_its_dead_letters_stand_and_nothing_else() -> None:
    first = identity_of(LETTER, RECORD)
    assert identity_of(LETTER._replace(detail="in other words"), RECORD._replace(offset=9)) == first
    others = {
        identity_of(LETTER._replace(source="events/1/25"), RECORD),
        identity_of(LETTER, RECORD._replace(key=None)),
        identity_of(LETTER, RECORD._replace(key=b"")),
        identity_of(LETTER, RECORD._replace(key=b"k1:{", value=None)),
        identity_of(LETTER, RECORD._replace(value=None)),
    }
    assert len(others | {first}) == 6


def test_an_event_that_is_sent_again_has_one_mark() -> None:
    mark = ("perennial-replayed", "dead/1/7")
    again = LETTER._replace(headers=(("perennial-replayed", b"dead/0/1"), ("trace", b"1")))
    assert sent_again(LETTER, RECORD) == Sent(b"k", b"{", [("trace", b"1"), mark])
    assert sent_again(again, RECORD) == sent_again(LETTER, RECORD)
