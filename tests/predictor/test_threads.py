from pathlib import Path

import pytest

from perennial_predictor.threads import threads


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("max 100000", 8), ("200000 100000", 2), ("50000 100000", 1), ("1600000 100000", 8)],
)
def test_the_limit_of_cgroup_2_counts_whole_processors(
    tmp_path: Path, limit: str, expected: int
) -> None:
    (tmp_path / "cpu.max").write_text(f"{limit}\n")
    assert threads(tmp_path, 8) == expected


@pytest.mark.parametrize(("quota", "expected"), [("-1", 8), ("300000", 3)])
def test_the_limit_of_cgroup_1_does_too(tmp_path: Path, quota: str, expected: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert threads(tmp_path, 8) == expected


def test_without_a_cgroup_all_processors_may_be_used(tmp_path: Path) -> None:
    assert threads(tmp_path, 8) == 8
