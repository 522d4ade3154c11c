import json
import logging

from perennial_contract.logs import JsonFormatter


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
