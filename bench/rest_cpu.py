"""CPU of operator, recorder and predictor while nothing flows: pods of one pipeline on the cluster.

Run: python -m bench.rest_cpu [seconds], after `make up images` and `eval "$(cluster/cluster env)"`.
Installs the chart of this tree, makes a pipeline with a model in a namespace of its own, lets a
minute pass, and reads from /proc what each program's process uses. Beside other work it grows.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

from tests.e2e.conftest import install
from tests.support.e2e.pipeline import Pipeline
from tests.support.e2e.rows import LOANS, loans
from tests.support.e2e.stream import Stream

SECONDS: Final = 120.0
SETTLING: Final = 60.0  # seconds after the first model serves
PROGRAMS: Final = ("perennial_operator", "perennial_recorder", "perennial_predictor")
_TICK: Final = os.sysconf("SC_CLK_TCK")


def cpu() -> dict[str, float]:
    """Seconds of CPU by program, of all its processes on this machine."""
    used = dict.fromkeys(PROGRAMS, 0.0)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if words[:2] == ["python", "-m"] and words[2] in used:
            used[words[2]] += (int(fields[11]) + int(fields[12])) / _TICK
    return used


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    install()
    pipeline = Pipeline("bench-rest", LOANS, Stream("bench-rest"))
    pipeline.remove()
    try:
        pipeline.prepare(loans(1_500))
        pipeline.apply()
        pipeline.wait_ready()
        time.sleep(SETTLING)
        before = cpu()
        time.sleep(seconds)
        after = cpu()
    finally:
        pipeline.remove()
    for program in PROGRAMS:
        print(f"{program:20} {(after[program] - before[program]) / seconds:7.2%}")


if __name__ == "__main__":
    main()
