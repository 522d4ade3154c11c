"""MLflow client: a run per attempt, written once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perennial_contract.resource.file_uri import sqlite_path
from perennial_trainer.attempt.mlflow_run import ATTEMPT, UID, MlflowRun

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import RunInfo

ENVIRONMENT: Final = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""What MLflow's client must find before its import: its own patience is minutes."""
_LONGEST: Final = 5000  # characters of a value: the least that its stores take
_OPEN: Final = "RUNNING"


def track(uri: str, record: MlflowRun) -> None:
    """Writes a run, or ends what an earlier run of the attempt began; what is ended stands.

    Raises:
        MlflowException: The server is away, or refuses.
    """
    from mlflow import MlflowClient  # noqa: PLC0415  seconds: only where it is used

    artifacts = _artifacts(uri)
    client = MlflowClient(tracking_uri=uri)
    run = _run(client, _experiment(client, record.experiment, artifacts), record)
    if run.status == _OPEN:
        _log(client, run.run_id, record)


def _artifacts(uri: str) -> str | None:
    """Where an experiment's files are to lie: beside a database, else where the server says."""
    if (database := sqlite_path(uri)) is None:
        return None
    folder = Path(database).parent
    folder.mkdir(parents=True, exist_ok=True)  # the client makes the database, and no folder
    return (folder / "artifacts").as_uri()


def _experiment(client: MlflowClient, name: str, artifacts: str | None) -> str:
    """Its id; another may make the same one at the same time."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name, artifacts))
        except MlflowException:
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    return str(found.experiment_id)


def _run(client: MlflowClient, experiment: str, record: MlflowRun) -> RunInfo:
    ours = {tag: record.tags[tag] for tag in (UID, ATTEMPT)}
    wanted = " and ".join(f"tags.{tag} = '{value}'" for tag, value in ours.items())
    found = client.search_runs([experiment], wanted, max_results=1)
    if found:
        return found[0].info
    return client.create_run(experiment, _stamp(record.begun), ours, record.name).info


def _log(client: MlflowClient, run_id: str, record: MlflowRun) -> None:
    from mlflow.entities import Metric, Param, RunTag  # noqa: PLC0415

    ended = _stamp(record.ended)
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, ended, 0) for name, value in record.metrics.items()],
        params=[Param(name, text[:_LONGEST]) for name, text in record.parameters.items()],
        tags=[RunTag(name, text[:_LONGEST]) for name, text in record.tags.items()],
    )
    client.set_terminated(run_id, "FAILED" if record.refused else "FINISHED", ended)


def _stamp(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)
