import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.messages.labels import LabelMessage, LabelReader
from perennial_contract.resource.streams import Labels, Reference
from tests.support.contract.messages import FULL, PLAIN, SOURCE, json_bytes, reason

BY_PATH = Labels(topic="labels", id=Reference(path="request_id"), value="income")


def read_message(labels: Labels, value: bytes | None, key: bytes | None = None) -> object:
    return LabelReader(labels, FULL).read(value, key, None, "labels/0/0")


@pytest.mark.parametrize(
    ("labels", "value", "key", "message"),
    [
        (BY_PATH, b'{"request_id": 5, "income": ">50K"}', None, LabelMessage(5, ">50K")),
        (Labels(topic="l"), b'{"request_id": 5, "label": 1}', None, LabelMessage(5, 1)),
        (Labels(topic="l"), b'\0\0\0\0\7{"request_id": 5, "label": 1}', None, LabelMessage(5, 1)),
        (
            Labels(topic="l", id=Reference(key=True), value="a.b"),
            b'{"a": {"b": false}}',
            b"5",
            LabelMessage("5", False),  # noqa: FBT003  the label itself
        ),
        (
            Labels(topic="l", id=Reference(key=True), value=""),
            b'">50K"',
            b"5",
            LabelMessage("5", ">50K"),
        ),
    ],
)
def test_a_label_is_read_from_its_message(
    labels: Labels, value: bytes, key: bytes | None, message: LabelMessage
) -> None:
    assert read_message(labels, value, key) == message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "Empty"),
        (b"\x00\x00\x00\x00\x07\x0a", "NotJson"),
        (b"{", "NotJson"),
        (b"1", "NotAnObject"),
        (b'{"income": 1}', "NoId"),
        (b'{"request_id": 5}', "NoLabel"),
        (b'{"request_id": 5, "income": null}', "NoLabel"),
    ],
)
def test_what_is_no_label_is_rejected_with_a_reason(value: bytes | None, expected: str) -> None:
    assert reason(read_message(BY_PATH, value)) == expected


def test_labels_on_a_topic_need_an_id_from_somewhere() -> None:
    read = LabelReader(Labels(topic="labels"), PLAIN).read(b'{"label": 1}', b"1", None, SOURCE)

    assert reason(read) == "NoId"


@given(st.none() | st.binary() | json_bytes, st.none() | st.binary(max_size=3))
def test_any_bytes_are_a_label_or_a_rejection_with_a_reason(
    value: bytes | None, key: bytes | None
) -> None:
    labels = Labels(topic="labels", id=Reference(key=True), value="a.b")

    read = read_message(labels, value, key)

    assert isinstance(read, LabelMessage) or reason(read)
