"""Threads that LightGBM may use: whole CPUs of the container's limit, else all processors.

Threads beyond the limit wait for each other; a search then takes many times as long.
"""

from __future__ import annotations

from pathlib import Path


def threads(cgroup: Path, processors: int) -> int:
    """Number of threads, at least 1; `cgroup` holds cpu.max (version 2) or the folder cpu (1)."""
    quota, period = _limit(cgroup)
    return processors if quota <= 0 else max(1, min(processors, quota // period))


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
