import os
from pathlib import Path

import pytest

from perennial_trainer.__main__ import cpus

ALLOWED = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max 100000\n", ALLOWED),
        ("100000 100000\n", 1),
        ("50000 100000\n", 1),
        ("200000 100000\n", min(2, ALLOWED)),
        ("nonsense", ALLOWED),
    ],
)
def test_threads_are_the_whole_cpus_of_the_limit(tmp_path: Path, limit: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text(limit)

    assert cpus(tmp_path / "cpu.max") == expected


def test_without_a_cgroup_the_affinity_counts(tmp_path: Path) -> None:
    assert cpus(tmp_path / "absent") == ALLOWED
