"""MLflow's store in a run's folder: its option, its address, and how it is opened."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from perennial.pipeline import ManifestTrouble

_NEEDED: Final = ("alembic", "sqlalchemy")
_SERVER: Final = "flask"  # which MLflow's client alone does not bring
_CLIENT: Final = "mlflow-skinny"

Mlflow = Annotated[
    bool,
    typer.Option(
        "--mlflow", help="Keep the attempts as MLflow runs in the folder; some 3 s an attempt."
    ),
]


def tracking_of(folder: Path, wanted: bool) -> str:  # noqa: FBT001  the option
    """The store's address; empty where it is not wanted. The first attempt makes the store.

    Raises:
        ManifestTrouble: What MLflow's client needs for it is not installed.
    """
    if not wanted:
        return ""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise ManifestTrouble(
            f"--mlflow needs {' and '.join(missing)}: pip install 'perennial-loop[mlflow]'"
        )
    return f"sqlite:///{folder / 'mlflow' / 'mlflow.db'}"


def opened_by(tracking: str) -> str:
    """The command that opens it, and fetches MLflow's server where that is not installed."""
    command = "mlflow" if find_spec(_SERVER) else f"uvx mlflow@{version(_CLIENT)}"
    return f"{command} ui --backend-store-uri {tracking}"
