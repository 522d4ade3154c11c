import json
import logging

from perennial_contract.runtime.logs import JsonFormatter, Unrepeated


def line(message: str, **parts: object) -> dict[str, object]:
    record = logging.makeLogRecord(
        {"name": "n", "levelname": "WARNING", "levelno": 30, "msg": message, "created": 0.5} | parts
    )
    read: dict[str, object] = json.loads(JsonFormatter().format(record))
    return read


def test_a_log_record_is_one_line_of_json_with_its_fields() -> None:
    assert line("two\nlines", topic="events", path={1}) == {
        "time": "1970-01-01T00:00:00.500+00:00",
        "level": "warning",
        "logger": "n",
        "message": "two\nlines",
        "topic": "events",
        "path": "{1}",
    }


def test_an_exception_stands_beside_the_message() -> None:
    error = ValueError("why")

    text = line("failed", exc_info=(ValueError, error, None))["exception"]

    assert text == "ValueError: why"


def passes(filters: Unrepeated, message: str, at: float) -> bool:
    record = logging.makeLogRecord({"msg": message, "created": at})
    return bool(filters.filter(record))


def test_a_line_that_differs_in_numbers_alone_passes_once_a_minute() -> None:
    filters = Unrepeated()
    told = [
        (at, passes(filters, f"refused (after {at} ms, client-{at % 2})", 1_000.0 + at))
        for at in range(121)
    ]
    assert [at for at, passed in told if passed] == [0, 60, 120]


def test_another_line_passes_in_between() -> None:
    filters = Unrepeated()
    told = [passes(filters, line, 1_000.0) for line in ("refused", "away", "refused", "away")]
    assert told == [True, True, False, False]


def test_of_many_lines_the_oldest_are_forgotten() -> None:
    filters = Unrepeated()
    lines = ["x" * length for length in range(1, 102)]
    assert all(passes(filters, line, 1_000.0) for line in lines)
    assert not passes(filters, lines[-1], 1_000.0)
    assert passes(filters, lines[0], 1_000.0)
