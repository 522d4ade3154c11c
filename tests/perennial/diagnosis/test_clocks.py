from datetime import timedelta

import pytest

from perennial.diagnosis.clocks import records_clocks, servers_clocks
from perennial.diagnosis.facts import Clock
from tests.support.perennial.diagnosing import (
    NOW,
    NOW_MS,
    Told,
    a_subject,
    a_topic,
    holding,
    kafka,
    record,
    told,
)

AT = ("spec", "storage", "endpoint")


@pytest.mark.parametrize(
    ("minutes", "what"),
    [
        (6, "this machine's clock is 6m ahead of that of the S3 server"),
        (-6, "this machine's clock is 6m behind that of the S3 server"),
        (-600, "this machine's clock is 10h behind that of the S3 server"),
    ],
)
def test_a_clock_that_is_minutes_off_is_told(minutes: int, what: str) -> None:
    clock = Clock("the S3 server", NOW, NOW + timedelta(minutes=minutes))
    assert told(servers_clocks([(AT, clock)])) == [Told("warning", "spec.storage.endpoint", what)]


def test_seconds_are_within_what_two_clocks_differ_by() -> None:
    clocks = [(AT, Clock("the S3 server", NOW, NOW + timedelta(seconds=s))) for s in (-200, 0, 200)]
    assert told(servers_clocks(clocks)) == []


def newest(kind: str, *timestamps: int) -> list[Told]:
    labels = holding(
        a_topic(message_timestamp_type=kind),
        [record({}, "labels", timestamp=t) for t in timestamps],
    )
    return told(records_clocks(a_subject(), kafka(labels=labels), NOW))


@pytest.mark.parametrize(
    ("kind", "whose"),
    [
        ("CreateTime", "the clocks of those who write it"),
        ("LogAppendTime", "the brokers' clocks"),
    ],
)
def test_records_of_hours_ahead_are_told_with_whose_clock_wrote_them(kind: str, whose: str) -> None:
    assert newest(kind, NOW_MS - 10, NOW_MS + 2 * 3_600_000) == [
        Told(
            "error",
            "spec.labels.topic",
            f"the newest record of topic labels is 2h ahead of now: {whose} are wrong, or this"
            " machine's",
        )
    ]


def test_records_of_now_or_of_long_ago_are_in_order() -> None:
    assert newest("CreateTime", NOW_MS + 1000) == []
    assert newest("CreateTime", NOW_MS - 400 * 86_400_000) == []
    assert newest("CreateTime") == []


@pytest.mark.parametrize(("timestamp", "year"), [(NOW_MS // 1000, "1970"), (-1, "no time")])
def test_records_whose_timestamps_are_no_milliseconds_are_told(timestamp: int, year: str) -> None:
    assert newest("CreateTime", timestamp) == [
        Told(
            "error",
            "spec.labels.topic",
            f"the newest records of topic labels have timestamps of {year}: retention may remove"
            " them, and no label comes within maxDelay of its event",
        )
    ]
