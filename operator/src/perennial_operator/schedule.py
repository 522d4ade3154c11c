"""When a cron schedule is due, in its own time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from perennial_contract.pipeline import Schedule

FIELDS: Final = 5  # the library reads a sixth as seconds
_ANY: Final = datetime(2026, 1, 1, tzinfo=UTC)


def check(schedule: Schedule) -> None:
    """Raises ValueError, naming the field, when cron or time zone cannot be read."""
    _zone(schedule)
    if len(schedule.cron.split()) != FIELDS:
        raise ValueError(
            f"retrain.schedule.cron has five fields (minute, hour, day of month, month, day of"
            f" week), not {len(schedule.cron.split())}: {schedule.cron}"
        )
    try:
        found = next_instant(schedule, _ANY)
    except CronSimError as error:
        raise ValueError(f"retrain.schedule.cron: {error} in {schedule.cron}") from error
    if found is None:
        raise ValueError(f"retrain.schedule.cron never comes: {schedule.cron}")


def next_instant(schedule: Schedule, after: datetime) -> datetime | None:
    """The first instant after that moment, in UTC; None when there is none in 50 years.

    An hour that a clock goes through twice is taken once, one that it leaves out right after.
    """
    instants = CronSim(schedule.cron, after.astimezone(_zone(schedule)))
    later = (instant.astimezone(UTC) for instant in instants)
    return next((instant for instant in later if instant > after), None)


def identity(schedule: Schedule) -> str:
    """Differs when the schedule does."""
    return f"{schedule.cron} {schedule.time_zone}"


def _zone(schedule: Schedule) -> ZoneInfo:
    name = schedule.time_zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"retrain.schedule.timeZone: there is no time zone {name}") from error
