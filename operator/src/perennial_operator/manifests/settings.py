"""Settings of each program, from the resource and, for a trainer, from its attempt."""

from __future__ import annotations

from typing import Any

from perennial_contract.messages.spellings import spellings
from perennial_contract.resource.storage import Retention
from perennial_contract.settings import PredictorSettings, RecorderSettings, TrainerSettings
from perennial_operator.api.attempts import Attempt
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.quantities import parse_bytes
from perennial_operator.api.status import Status


def predictor_settings(pipeline: Pipeline) -> PredictorSettings:
    spec = pipeline.spec
    return PredictorSettings(
        **_stream(pipeline),
        predictions=spec.predictions,
        dead_letters=spec.dead_letters,
        http=spec.predictor.http.enabled,
    )


def recorder_settings(pipeline: Pipeline) -> RecorderSettings:
    spec = pipeline.spec
    label = spec.label_schema.label
    return RecorderSettings(
        **_stream(pipeline),
        label=spellings(label) if label else None,
        answers_among_events=spec.predictions.topic == spec.events.topic,
        flush_interval=spec.recorder.flush_interval,
        store_limit=parse_bytes(spec.recorder.store_limit),
    )


def trainer_settings(pipeline: Pipeline, attempt: Attempt) -> TrainerSettings:
    spec = pipeline.spec
    return TrainerSettings(
        **_shared(pipeline),
        number=attempt.number,
        watermark=attempt.watermark,
        champion=attempt.champion,
        previous=attempt.previous,
        keep=_kept(pipeline, attempt),
        tracking=spec.tracking,
        label_schema=spec.label_schema,
        dataset=spec.dataset,
        retrain=spec.retrain,
        optimizer=spec.optimizer,
        promotion=spec.promotion,
        deadline=spec.trainer.deadline,
        **({"maturity": spec.labels.maturity} if spec.labels else {}),
    )


def _kept(pipeline: Pipeline, attempt: Attempt) -> list[str]:
    """Versions that retention leaves alone; the attempt may be newer than the status."""
    kept = {*named_versions(pipeline, pipeline.status), attempt.champion, attempt.previous}
    return sorted(kept - {""})


def _shared(pipeline: Pipeline) -> dict[str, Any]:
    return {
        "uid": pipeline.uid,
        "namespace": pipeline.namespace,
        "name": pipeline.name,
        "created": pipeline.created,
        "cluster": pipeline.cluster,
        "task": pipeline.spec.task,
        "storage": pipeline.spec.storage,
        "kafka": pipeline.spec.kafka,
        "lifecycle": pipeline.spec.lifecycle,
    }


def _stream(pipeline: Pipeline) -> dict[str, Any]:
    """Without what only the trainer uses: a change of it restarts nothing on the stream."""
    storage = pipeline.spec.storage.model_copy(update={"retention": Retention()})
    return {
        **_shared(pipeline),
        "storage": storage,
        "events": pipeline.spec.events,
        "labels": pipeline.spec.labels,
    }


def named_versions(pipeline: Pipeline, status: Status) -> list[str]:
    """Every version that spec or status names: what `storage.retention` leaves alone."""
    attempt, candidate, model = status.attempt, status.candidate, status.model
    found = {
        pipeline.spec.model.pin,
        status.head,
        *((model.version,) if model else ()),
        *((candidate.version, candidate.champion) if candidate else ()),
        *((attempt.champion, attempt.previous) if attempt else ()),
        *((attempt.verdict.version,) if attempt and attempt.verdict else ()),
        *(version for entry in status.history for version in (entry.version, entry.champion)),
    }
    return sorted(found - {""})
