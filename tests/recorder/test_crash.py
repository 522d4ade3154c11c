"""Hundreds of streams, each with a recorder that is killed again and again.

Whatever dies where: in the end S3 holds exactly the observations that the logs imply, in unbroken
sequences, and every record is counted once.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.recorder.simulation import Run

RUNS = int(os.environ.get("PERENNIAL_CRASH_RUNS", "300"))
PIECES = 20  # the runs are spread over as many tests


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    shared = Path("/dev/shm")
    if not shared.is_dir():
        yield tmp_path
        return
    path = shared / f"perennial-crash-{os.getpid()}"
    path.mkdir(exist_ok=True)
    yield path
    for file in path.iterdir():
        file.unlink()
    path.rmdir()


@pytest.mark.parametrize("piece", range(PIECES))
def test_a_recorder_that_is_killed_loses_nothing_and_doubles_nothing(
    piece: int, folder: Path
) -> None:
    killed = 0
    for seed in range(piece, RUNS, PIECES):
        run = Run(seed, folder)
        try:
            run.play()
            run.check()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {run.starts} starts") from error
        killed += run.chaos.killed
    assert killed
