"""Launcher: `python -m perennial.adapters.machine.launcher PROGRAM ROOT PORT`, a program of a pod.

Its mounts lie below ROOT as they lie below / in a pod; on PORT it answers this machine alone.
A predictor that is asked for POST /predict gets a second port for it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from perennial.adapters.machine import lifeline
from perennial_contract.runtime.mounts import MOUNTS, Mounts
from perennial_contract.settings import PREDICT_PORT
from perennial_operator.api.names import PREDICTOR, RECORDER, TRAINER
from perennial_operator.manifests.statefulset import DATA

HOST: Final = "127.0.0.1"  # nobody else is to ask
_STORE: Final = Path(DATA, "waiting.db")


def below(root: Path, path: Path) -> Path:
    """Where a pod's path lies on this machine."""
    return root / path.relative_to("/")


def mounts_below(root: Path) -> Mounts:
    return Mounts(
        s3=below(root, MOUNTS.s3),
        kafka=below(root, MOUNTS.kafka),
        termination=below(root, MOUNTS.termination),
        kafka_ca=below(root, MOUNTS.kafka_ca),
        settings=below(root, MOUNTS.settings),
    )


def launch(program: str, root: Path, port: int, predict_port: int = PREDICT_PORT) -> int:
    """Runs a program in this process; returns its exit code. What it imports no other needs."""
    mounts = mounts_below(root)
    if program == PREDICTOR:
        from perennial_predictor import __main__ as predictor  # noqa: PLC0415

        return predictor.main(mounts, port, HOST, predict_port, linger=0.0)
    if program == RECORDER:
        from perennial_recorder import __main__ as recorder  # noqa: PLC0415

        return recorder.main(mounts, port, below(root, _STORE), HOST)
    if program == TRAINER:
        from perennial_trainer import __main__ as trainer  # noqa: PLC0415

        options = {
            "--termination-log": mounts.termination,
            "--settings": mounts.settings,
            "--s3-secret": mounts.s3,
            "--kafka-secret": mounts.kafka,
            "--kafka-ca": mounts.kafka_ca,
            "--port": port,
            "--host": HOST,
        }
        return trainer.main([str(part) for option in options.items() for part in option])
    raise ValueError(f"there is no program {program}")


if __name__ == "__main__":
    lifeline.bind()
    sys.exit(launch(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:])))
