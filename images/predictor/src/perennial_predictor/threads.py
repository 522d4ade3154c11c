"""How many threads LightGBM may use: the container's CPU limit, or the processors there are."""

from __future__ import annotations

from pathlib import Path


def threads(cgroup: Path, processors: int) -> int:
    """At least 1; `cgroup` is the folder that holds version 2's cpu.max, or version 1's cpu/."""
    quota, period = _limit(cgroup)
    return processors if quota <= 0 else max(1, min(processors, quota // period))


def _limit(cgroup: Path) -> tuple[int, int]:
    """Quota and period in microseconds; the quota is 0 or less where there is no limit."""
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
        return (0 if quota == "max" else int(quota)), int(period)
    except FileNotFoundError:
        pass
    try:
        of = cgroup / "cpu"
        return tuple(int((of / f"cpu.cfs_{n}_us").read_text()) for n in ("quota", "period"))  # type: ignore[return-value]  # two of them
    except FileNotFoundError:
        return 0, 1
