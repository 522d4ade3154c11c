"""Threads that fits may use: whole CPUs of the container's limit, else of its request.

Threads beyond the limit wait for each other, and a search then takes many times as long. Beyond the
request they would take from neighbours what those had asked for.
"""

from __future__ import annotations

from pathlib import Path


def threads(cgroup: Path, processors: int, requested: int | None = None) -> int:
    """Number of threads, at least 1; `cgroup` holds cpu.max (version 2) or the folder cpu (1).

    `requested` in whole CPUs; without it, and without a limit, all processors count.
    """
    quota, period = _limit(cgroup)
    allowed = processors if requested is None else requested
    return max(1, min(processors, allowed if quota <= 0 else quota // period))


def _limit(cgroup: Path) -> tuple[int, int]:
    """Quota and period in microseconds; the quota is 0 or less where there is no limit."""
    together = cgroup / "cpu.max"
    if together.exists():
        quota, period = together.read_text().split()
        return (0 if quota == "max" else int(quota)), int(period)
    apart = cgroup / "cpu"
    if (apart / "cpu.cfs_quota_us").exists():
        return _number(apart / "cpu.cfs_quota_us"), _number(apart / "cpu.cfs_period_us")
    return 0, 1


def _number(file: Path) -> int:
    return int(file.read_text())
