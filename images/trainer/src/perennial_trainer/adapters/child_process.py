"""Child process that loads a finished bundle: a model that kills it is not published.

`python -m perennial_trainer.adapters.child_process` takes the files on standard input;
its exit code is the answer.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Final

import msgspec

from perennial_contract.objects.bundle import GOLDEN, BundleBroken
from perennial_model.golden import replay
from perennial_model.runtimes.lightgbm import load

_TIMEOUT: Final = 120.0


def check_in_child(files: Mapping[str, bytes]) -> None:
    """Raises BundleBroken when the child dies, or its golden scores are off."""
    child = subprocess.run(
        [sys.executable, "-m", "perennial_trainer.adapters.child_process"],
        input=msgspec.msgpack.encode(dict(files)),
        capture_output=True,
        check=False,
        timeout=_TIMEOUT,
    )
    if child.returncode:
        said = child.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise BundleBroken(
            f"the finished bundle cannot be loaded: the process ended with {child.returncode}"
            + (f" ({said})" if said else "")
        )


if __name__ == "__main__":
    given = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=dict[str, bytes])
    replay(load(given, threads=1), given[GOLDEN])
