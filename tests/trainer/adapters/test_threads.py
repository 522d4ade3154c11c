from pathlib import Path

import pytest

from perennial_trainer.adapters.threads import threads


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("max 100000\n", 4), ("50000 100000\n", 1), ("200000 100000\n", 2), ("900000 100000\n", 4)],
)
def test_the_limit_of_cgroup_version_2_counts(tmp_path: Path, limit: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text(limit)

    assert threads(tmp_path, 4) == expected


@pytest.mark.parametrize(("quota", "expected"), [("-1\n", 4), ("100000\n", 1), ("250000\n", 2)])
def test_the_limit_of_cgroup_version_1_counts(tmp_path: Path, quota: str, expected: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")

    assert threads(tmp_path, 4) == expected


def test_without_a_limit_all_processors_count(tmp_path: Path) -> None:
    assert threads(tmp_path, 4) == 4


@pytest.mark.parametrize(("requested", "expected"), [(0, 1), (1, 1), (2, 2), (9, 4)])
def test_without_a_limit_the_request_counts(tmp_path: Path, requested: int, expected: int) -> None:
    (tmp_path / "cpu.max").write_text("max 100000\n")

    assert threads(tmp_path, 4, requested) == expected


def test_a_limit_counts_before_the_request(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("300000 100000\n")

    assert threads(tmp_path, 4, 1) == 3
