"""Run of an attempt, from its inputs to its verdict; a second run reports the first's.

The order is what makes it safe to repeat:
  1. owner.json and inputs.json, by conditional writes; another pipeline's or resource's end it
  2. a verdict that stands is the answer, whatever this run would have found
  3. data, search, judge, refit: `learn`
  4. a child process loads the bundle; then its files, the manifest last
  5. verdict.json, by a conditional write; another run's stands
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import Final

from perennial_contract.objects.bundle import BundleBroken, seal
from perennial_contract.objects.owner import StorageTaken
from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.settings import SettingsRefused
from perennial_contract.settings import TrainerSettings
from perennial_contract.status import Verdict, VerdictOutcome
from perennial_model.refusals import DataRefused
from perennial_trainer.attempt.adoption import adopt
from perennial_trainer.attempt.announcements import started
from perennial_trainer.attempt.inputs import Inputs, claim
from perennial_trainer.attempt.label_file import check_label, known_label, settle_label
from perennial_trainer.attempt.manifest import manifest_of
from perennial_trainer.attempt.verdict import bundle_broken, unscored, with_label
from perennial_trainer.attempt.verdict_file import read_verdict, settle
from perennial_trainer.contest.contest import Contest
from perennial_trainer.data.dataset import LabelRefused
from perennial_trainer.data.history import History, read_history
from perennial_trainer.learn import Callbacks, learn
from perennial_trainer.models.publish import files_of, publish, schema_digest
from perennial_trainer.models.published import PublishedModel, find_published
from perennial_trainer.models.recipe import Material
from perennial_trainer.optional_step import optional_step
from perennial_trainer.ports import Ports
from perennial_trainer.progress import Progress

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run's verdict; `inputs` are the attempt's, where its verdict stands on S3."""

    verdict: Verdict
    inputs: Inputs | None = None


def run(settings: TrainerSettings, ports: Ports, progress: Progress) -> RunResult:
    """The attempt's verdict.

    Raises:
        SettingsRefused: A newer trainer has begun the attempt with what this one does not know.
        StoreError: S3 is away, or the dataset is not there yet: the same attempt again, later.
    """
    try:
        inputs = claim(settings, ports.store, ports.now())
    except StorageTaken as error:
        return RunResult(
            unscored(settings, VerdictOutcome.REFUSED, ProgramReason.STORAGE_TAKEN, str(error))
        )
    except SettingsRefused:
        if standing := read_verdict(ports.store, settings.number):
            return RunResult(standing)
        raise
    if inputs is None:
        return RunResult(adopt(settings, ports.store))
    standing = read_verdict(ports.store, inputs.number)
    if standing is not None:
        _LOG.info("a verdict stands already")
        return RunResult(standing, inputs)
    first = inputs.applied_to(settings)
    optional_step("lifecycle", partial(ports.announce, started(first, ports.now())))
    try:
        verdict = _attempt(first, inputs, ports, progress)
    except DataRefused as error:
        verdict = unscored(first, VerdictOutcome.REFUSED, ProgramReason.DATA_REFUSED, str(error))
    timed = verdict.model_copy(update={"seconds": progress.seconds()})
    return RunResult(settle(ports.store, timed), inputs)


def _attempt(
    settings: TrainerSettings, inputs: Inputs, ports: Ports, progress: Progress
) -> Verdict:
    champion = find_published(ports.store, settings.champion, ports.threads)
    check_label(champion, settings.label_schema.label)
    history = _history(settings, champion, ports)
    contest = _contest(settings, inputs, champion, history, ports)
    callbacks = Callbacks(progress.stage, progress.split, progress.trial, ports.expired)
    verdict, winner = learn(contest, callbacks)
    verdict = with_label(verdict, settings.label_schema, history)
    if winner is None:
        return verdict
    progress.stage("publish")
    files = files_of(winner, history.rows.records)
    bundle, data = seal(manifest_of(verdict, inputs, history, winner, files), files)
    try:
        ports.check_in_child(files)
    except BundleBroken as error:
        return bundle_broken(verdict, error)
    if inputs.label_schema.label is None:
        settle_label(champion, ports.store, history.label)
    publish(ports.store, bundle, data)
    return verdict.model_copy(update={"version": bundle.version, "digest": bundle.digest})


def _contest(
    settings: TrainerSettings,
    inputs: Inputs,
    champion: PublishedModel | None,
    history: History,
    ports: Ports,
) -> Contest:
    previous = find_published(ports.store, settings.previous, ports.threads)
    schema = settings.label_schema.model_copy(update={"label": history.label})
    same_schema = champion is None or champion.manifest.schema_digest == schema_digest(schema)
    known = champion.model.encoder.features if champion and same_schema else ()
    features = history.features(schema, known)
    material = Material(history.rows, features, schema.crosses, settings.number, ports.threads)
    return Contest(settings, material, inputs.ripe_until, champion, previous, same_schema)


def _history(settings: TrainerSettings, champion: PublishedModel | None, ports: Ports) -> History:
    """Dataset and observations, with the classes that stand where the schema leaves them out."""
    schema = settings.label_schema
    known = schema.label or known_label(champion, ports.store)
    with_classes = schema.model_copy(update={"label": known})
    try:
        return read_history(
            settings.model_copy(update={"label_schema": with_classes}),
            ports.store,
            ports.dataset,
            champion.manifest.watermark if champion else None,
        )
    except LabelRefused as error:
        if schema.label:
            raise
        why = (
            f"{error}: these two stand for good, by the champion or label.json; a ModelPipeline"
            " with another storage.prefix can have others"
        )
        raise DataRefused(why) from error
