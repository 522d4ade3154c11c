"""One run of an attempt, from its inputs to its verdict; a second run reports the first's.

The order is what makes it safe to repeat:
  1. owner.json and inputs.json, by conditional writes; another's end it
  2. a verdict that stands is the answer, whatever this run would have found
  3. data, search, judge, refit: `attempt.learn`
  4. a child process loads the bundle; then its files, the manifest last
  5. verdict.json, by a conditional write; another run's stands
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from perennial_contract.lifecycle import Message
from perennial_contract.objects.bundle import BundleBroken, Manifest, sha256
from perennial_contract.objects.owner import StorageTaken
from perennial_contract.reasons import Reason
from perennial_contract.resource.schema import Feature
from perennial_contract.runtime.objects import Objects, Put, StoreError
from perennial_contract.settings import TrainerSettings
from perennial_contract.status import Outcome, Verdict
from perennial_model.bundles import ModelMissing
from perennial_model.features.infer import infer
from perennial_model.refusals import DataRefused
from perennial_trainer.attempt.adoption import adopt
from perennial_trainer.attempt.inputs import Inputs, begin, resumed, verdict_key
from perennial_trainer.attempt.messages import started
from perennial_trainer.attempt.verdict import unscored
from perennial_trainer.contest.contest import Contest
from perennial_trainer.data.dataset import Base, read
from perennial_trainer.data.observations import read_parts
from perennial_trainer.data.rows import Rows, assemble
from perennial_trainer.follow_up import harmless
from perennial_trainer.learn import Callbacks, learn
from perennial_trainer.models.publish import files_of, publish, schema_digest, sealed
from perennial_trainer.models.published import ModelToPublish, PublishedModel, load_published
from perennial_trainer.models.recipe import Material
from perennial_trainer.progress import Progress

_LOG: Final = logging.getLogger(__name__)


class DatasetMissing(StoreError):  # noqa: N818  named as the problem's reason
    """The base dataset is not there yet."""

    reason = Reason.DATASET_MISSING


@dataclass(frozen=True, slots=True)
class World:
    """What an attempt reaches beyond itself."""

    store: Objects
    datasets: Callable[[str], Objects]
    """The objects of a bucket."""
    prove: Callable[[Mapping[str, bytes]], None]
    """Loads a bundle's files where a crash harms nobody; raises BundleBroken."""
    now: Callable[[], datetime]
    expired: Callable[[], bool]
    """Whether a search must end."""
    threads: int
    tell: Callable[[Message], None] = lambda _: None
    """Writes to the lifecycle topic, if there is one; an exception harms nobody."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run came to; `inputs` are the attempt's, where its verdict stands on S3."""

    verdict: Verdict
    inputs: Inputs | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """What was read of dataset and observations."""

    base: Base | None
    digests: dict[str, str]
    rows: Rows


def run(settings: TrainerSettings, world: World, progress: Progress) -> Ended:
    """The attempt's verdict.

    Raises:
        StoreError: S3 is away, or the dataset is not there yet: the same attempt again, later.
    """
    try:
        inputs = begin(settings, world.store, world.now())
    except StorageTaken as error:
        taken = unscored(settings, Outcome.REFUSED, Reason.STORAGE_TAKEN, str(error))
        return Ended(taken)
    if inputs is None:
        return Ended(adopt(settings, world.store))
    standing = world.store.get(verdict_key(inputs.number))
    if standing is not None:
        _LOG.info("a verdict stands already")
        return Ended(Verdict.model_validate_json(standing), inputs)
    begun = resumed(settings, inputs)
    harmless("lifecycle", partial(world.tell, started(begun, world.now())))
    try:
        verdict = _attempt(begun, inputs, world, progress)
    except DataRefused as error:
        verdict = unscored(begun, Outcome.REFUSED, Reason.DATA_REFUSED, str(error))
    timed = verdict.model_copy(update={"seconds": progress.seconds()})
    return Ended(_settle(timed, world), inputs)


def _attempt(
    settings: TrainerSettings, inputs: Inputs, world: World, progress: Progress
) -> Verdict:
    champion = _served(settings.champion, world)
    previous = _served(settings.previous, world)
    data = _data(settings, world, champion)
    digest = schema_digest(settings.label_schema)
    features = _features(settings, data, champion, digest)
    contest = Contest(
        settings,
        Material(
            data.rows,
            features,
            settings.label_schema.crosses,
            settings.number,
            world.threads,
        ),
        _ripe_until(inputs),
        champion,
        previous,
        champion is None or champion.manifest.schema_digest == digest,
    )
    verdict, built = learn(
        contest, Callbacks(progress.stage, progress.split, progress.trial, world.expired)
    )
    if built is None:
        return verdict
    progress.stage("publish")
    return _publish(verdict, built, _manifest(verdict, inputs, data), world, data.rows)


def _ripe_until(inputs: Inputs) -> int:
    """Labels up to here may judge, ms; without a maturity all: Kafka's clock is not ours."""
    if not inputs.maturity:
        return sys.maxsize
    return round((inputs.started_at - inputs.maturity).timestamp() * 1000)


def _served(version: str, world: World) -> PublishedModel | None:
    """A published model; None where there is none that can be judged."""
    if not version:
        return None
    try:
        return load_published(world.store, version, world.threads)
    except (BundleBroken, ModelMissing) as error:
        _LOG.warning("a published model cannot be read", extra={"version": version, "why": error})
        return None


def _data(settings: TrainerSettings, world: World, champion: PublishedModel | None) -> Data:
    base, digests = None, {}
    if settings.dataset:
        uri = settings.dataset.uri
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        data = world.datasets(bucket).get(key)
        if data is None:
            raise DatasetMissing(f"dataset {uri} does not exist")
        base, digests = read(data, settings.dataset, settings.label_schema), {uri: sha256(data)}
    seen = champion.manifest.watermark if champion else None
    parts = read_parts(world.store, settings.watermark)
    rows = assemble(base, parts, settings.label_schema, seen)
    if not len(rows):
        raise DataRefused("there is neither a dataset nor an observation to learn from")
    return Data(base, digests, rows)


def _features(
    settings: TrainerSettings, data: Data, champion: PublishedModel | None, digest: str
) -> tuple[Feature, ...]:
    """Inferred from the base dataset; without one what the champion has, else from all rows."""
    if data.base:
        return infer(data.base.as_read, settings.label_schema)
    if champion and champion.manifest.schema_digest == digest:
        return champion.model.encoder.features
    return infer(data.rows.records, settings.label_schema)


def _manifest(verdict: Verdict, inputs: Inputs, data: Data) -> Manifest:
    """What is known before the model's own part is filled in by `sealed`."""
    return Manifest(
        uid=verdict.uid,
        number=verdict.number,
        created=inputs.started_at,
        task=inputs.task,
        label=inputs.label_schema.label,
        parent=verdict.champion,
        candidate="",
        files={},
        schema_digest=schema_digest(inputs.label_schema),
        watermark=inputs.watermark,
        dataset=data.digests,
        rows=0,
        seed=inputs.number,
        scores=verdict.scores,
        score=verdict.score or 0.0,
    )


def _publish(
    verdict: Verdict, built: ModelToPublish, manifest: Manifest, world: World, rows: Rows
) -> Verdict:
    files = files_of(built, rows.records)
    bundle, data = sealed(manifest, built, files)
    try:
        world.prove(files)
    except BundleBroken as error:
        broken = {
            "outcome": Outcome.REJECTED,
            "reason": Reason.BUNDLE_BROKEN,
            "message": str(error),
        }
        kept = verdict.scores[0].loss if verdict.champion else None
        return verdict.model_copy(update={**broken, "score": kept})
    publish(world.store, bundle, data)
    return verdict.model_copy(update={"version": bundle.version, "digest": bundle.digest})


def _settle(verdict: Verdict, world: World) -> Verdict:
    """Writes the verdict; where another run was first, that run's is the answer."""
    key = verdict_key(verdict.number)
    if (
        world.store.put_new(key, verdict.model_dump_json(exclude_defaults=True).encode())
        is Put.TAKEN
    ):
        standing = world.store.get(key)
        if standing is not None:
            return Verdict.model_validate_json(standing)
    return verdict
