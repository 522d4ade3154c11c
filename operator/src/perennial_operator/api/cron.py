"""Cron schedule and its instants, in its own time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from perennial_contract.resource.training import Schedule

FIELDS: Final = 5  # the library reads a sixth as seconds
_ANY: Final = datetime(2026, 1, 1, tzinfo=UTC)


class InvalidSchedule(ValueError):  # noqa: N818  names a state
    """Why a schedule cannot be read; `field` is the one that cannot."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


def check(schedule: Schedule) -> None:
    """Raises InvalidSchedule, which names the field."""
    cron, zone = schedule.cron, schedule.time_zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidSchedule("timeZone", f"there is no time zone {zone}") from error
    if (fields := len(cron.split())) != FIELDS:
        what = "minute, hour, day of month, month, day of week"
        raise InvalidSchedule("cron", f"{cron} has {fields} fields, not five ({what})")
    try:
        found = next_instant(schedule, _ANY)
    except CronSimError as error:
        raise InvalidSchedule("cron", f"{error} in {cron}") from error
    if found is None:
        raise InvalidSchedule("cron", f"{cron} never comes")


def next_instant(schedule: Schedule, after: datetime) -> datetime | None:
    """The first instant after that moment, in UTC; None when there is none in 50 years.

    An hour that the clock repeats counts once; one that it skips counts right after.
    """
    instants = CronSim(schedule.cron, after.astimezone(ZoneInfo(schedule.time_zone)))
    later = (instant.astimezone(UTC) for instant in instants)
    return next((instant for instant in later if instant > after), None)


def identity(schedule: Schedule) -> str:
    """Differs when the schedule does."""
    return f"{schedule.cron} {schedule.time_zone}"
