from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from perennial_contract.resource.training import Schedule
from perennial_operator.api.cron import check, next_instant
from perennial_operator.api.errors import explain
from tests.support.operator.builders import a_pipeline

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTLY = Schedule(cron="30 2 * * *", time_zone="Europe/Berlin")
ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"]
FIELD = st.sampled_from(["*", "*/7", "0", "2,5", "1-3", "30", "MON", "L", "2#1", "59", "x", "99"])
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_an_instant_is_read_in_its_time_zone() -> None:
    after = datetime(2026, 7, 1, 12, tzinfo=UTC)

    assert next_instant(NIGHTLY, after) == datetime(2026, 7, 2, 0, 30, tzinfo=UTC)


def test_an_instant_that_the_clock_leaves_out_comes_right_after() -> None:
    after = datetime(2026, 3, 28, 12, tzinfo=UTC)

    assert next_instant(NIGHTLY, after) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_an_instant_that_the_clock_goes_through_twice_comes_once() -> None:
    first = next_instant(NIGHTLY, datetime(2026, 10, 24, 12, tzinfo=UTC))
    between = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1)

    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_instant(NIGHTLY, first) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    assert next_instant(NIGHTLY, between) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@given(
    fields=st.lists(FIELD, min_size=5, max_size=5),
    zone=st.sampled_from(ZONES),
    moments=st.lists(MOMENTS, min_size=2, max_size=2),
)
def test_what_passes_the_check_gives_instants_that_only_go_forward(
    fields: list[str], zone: str, moments: list[datetime]
) -> None:
    schedule = Schedule(cron=" ".join(fields), time_zone=zone)
    try:
        check(schedule)
    except ValueError:
        return
    early, late = sorted(moments)

    first, second = next_instant(schedule, early), next_instant(schedule, late)

    assert first is not None
    assert second is not None
    assert early < first <= second
    assert late < second


@given(cron=st.text(min_size=9, max_size=40), zone=st.text(min_size=1, max_size=64))
def test_whatever_is_written_is_refused_by_value_error_alone(cron: str, zone: str) -> None:
    for schedule in (Schedule(cron=cron), Schedule(cron="0 3 * * *", time_zone=zone)):
        with suppress(ValueError):
            check(schedule)
            assert next_instant(schedule, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (
            {"cron": "0 3 * * * *"},
            (
                "cron: 0 3 * * * * has 6 fields, not five"
                " (minute, hour, day of month, month, day of week)"
            ),
        ),
        ({"cron": "0 25 * * *"}, "cron: Bad hour in 0 25 * * *"),
        ({"cron": "0 0 30 2 *"}, "cron: Bad day-of-month in 0 0 30 2 *"),
        ({"cron": "0 0 */31 2 MON#5"}, "cron: 0 0 */31 2 MON#5 never comes"),
        ({"cron": "0 {hour} * * *"}, "cron: Bad hour in 0 {hour} * * *"),
        ({"cron": "0 3 * * *", "timeZone": "Berlin"}, "timeZone: there is no time zone Berlin"),
        ({"cron": "0 3 * * *", "timeZone": "../etc"}, "timeZone: there is no time zone ../etc"),
    ],
)
def test_a_schedule_that_cannot_be_read_makes_the_spec_invalid_with_its_path(
    schedule: dict[str, str], message: str
) -> None:
    with pytest.raises(ValidationError) as error:
        a_pipeline(retrain={"threshold": 1000, "schedule": schedule})

    assert explain(error.value) == f"spec.retrain.schedule.{message}"


def test_an_instant_far_ahead_is_found() -> None:
    sparse = Schedule(cron="0 0 * 2 MON#5")

    found = next_instant(sparse, datetime(2026, 1, 1, tzinfo=UTC))

    assert found == datetime(2044, 2, 29, tzinfo=UTC)
