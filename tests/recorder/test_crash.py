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


def play(seed: int, folder: Path, removes: float) -> Run:
    run = Run(seed, folder, removes)
    try:
        run.play()
        if removes:
            run.check_compacted()
        else:
            run.check()
    except AssertionError as error:
        raise AssertionError(f"seed {seed}, {run.starts} starts") from error
    return run


@pytest.mark.parametrize("piece", range(PIECES))
def test_a_recorder_that_is_killed_loses_nothing_and_doubles_nothing(
    piece: int, folder: Path
) -> None:
    runs = [play(seed, folder, 0.0) for seed in range(piece, RUNS, PIECES)]
    assert any(run.chaos.killed for run in runs)


def test_nothing_stays_open_where_topics_are_compacted_meanwhile(folder: Path) -> None:
    runs = [play(seed, folder, 0.3) for seed in range(0, RUNS, PIECES)]
    assert any(run.chaos.killed for run in runs)
