from perennial_contract.runtime.kafka.records import record_of
from tests.fakes.headers import unreadable


def test_a_header_whose_name_is_not_utf_8_costs_the_headers_and_not_the_process() -> None:
    messages = unreadable([b"value"] * 100)  # CPython calls differently once it is warm
    read = [record_of(message) for message in messages]
    assert [(each.key, each.value, each.headers) for each in read] == [
        (b"a key", b"value", None)
    ] * len(messages)
