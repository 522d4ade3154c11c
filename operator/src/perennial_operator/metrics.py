"""Metrics of the operator, under Prometheus' conventions for names and units."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from perennial_contract.reasons import ProgramReason
from perennial_operator.api.attempts import AttemptOutcome, HistoryEntry
from perennial_operator.api.reasons import OF_CONTAINERS, Reason
from perennial_operator.api.status import Status
from perennial_operator.decide.attempts.triggers import counted_labels
from perennial_operator.decide.versions.choice import published

_PASS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_KNOWN: Final = OF_CONTAINERS | {each.value for each in (*Reason, *ProgramReason)}
_LONG: Final = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)


_OF_PIPELINE: Final = {
    "ready": "1 while the condition Ready of a ModelPipeline is True, else 0.",
    "stalled": "1 while an edit of a ModelPipeline has not reached all pods for ten minutes.",
    "failed_tries": "Jobs in a row without a verdict, of the attempt that runs; else 0.",
    "labels": "Labelled observations since the newest attempt began.",
    "labels_threshold": "Labelled observations that start an attempt: retrain.threshold.",
    "model_timestamp_seconds": "When the model that serves was made, in Unix time.",
}


class Metrics:
    """Metrics of one operator; each instance has its own registry."""

    def __init__(self) -> None:
        self.registry = made = CollectorRegistry()
        self.reconciles = Counter(
            "perennial_operator_reconciles_total",
            "Passes over a ModelPipeline: done, or failed and to be repeated.",
            ["result"],
            registry=made,
        )
        self.duration = Histogram(
            "perennial_operator_reconcile_duration_seconds",
            "How long a pass took, with at most 2 s for the first word of a new or changed pod.",
            buckets=_PASS,
            registry=made,
        )
        self.errors = Counter(
            "perennial_operator_errors_total",
            "Passes that failed, by what the API server said, or by the kind of error.",
            ["reason"],
            registry=made,
        )
        self.requests = Counter(
            "perennial_operator_api_requests_total",
            "Requests to the API server but for watches; code 0 is no answer.",
            ["method", "resource", "code"],
            registry=made,
        )
        self.pipelines = Gauge(
            "perennial_operator_pipelines",
            "ModelPipelines that are looked after.",
            registry=made,
        )
        self.leader = Gauge(
            "perennial_operator_leader", "1 for the replica that leads, else 0.", registry=made
        )
        self._of_cluster(made)
        self._of_attempts(made)
        self._of_tries(made)
        self._of_pipelines(made)

    def _of_cluster(self, made: CollectorRegistry) -> None:
        self.restarts = Counter(
            "perennial_operator_restarts_total",
            "Times that the process began again in its container, since it had lost its lease.",
            registry=made,
        )
        self.left = Counter(
            "perennial_operator_left_passes_total",
            "Passes that were left to another operator, which looks after the ModelPipeline.",
            registry=made,
        )
        self.definition_lacks = Gauge(
            "perennial_operator_definition_lacking_fields",
            "Fields of this operator that the CustomResourceDefinition lacks: above 0 it is too"
            " old.",
            registry=made,
        )

    def _of_attempts(self, made: CollectorRegistry) -> None:
        self.attempts = Counter(
            "perennial_operator_attempts_total",
            "Training attempts that have ended, by outcome and reason.",
            ["outcome", "reason"],
            registry=made,
        )
        self.attempt_duration = Histogram(
            "perennial_operator_attempt_duration_seconds",
            "From the recorded intent of an attempt to its verdict, runs that failed included.",
            buckets=_LONG,
            registry=made,
        )
        self.stage_duration = Histogram(
            "perennial_operator_attempt_stage_duration_seconds",
            "How long the trainer took for each stage of an attempt.",
            ["stage"],
            buckets=_LONG,
            registry=made,
        )
        self.trigger_to_serving = Histogram(
            "perennial_operator_trigger_to_serving_seconds",
            "From an attempt's recorded intent to the time when every pod serves its model.",
            buckets=_LONG,
            registry=made,
        )
        self.promotion_to_serving = Histogram(
            "perennial_operator_promotion_to_serving_seconds",
            "From an attempt's verdict to the time when every pod serves its model.",
            buckets=_LONG,
            registry=made,
        )
        self.rollbacks = Counter(
            "perennial_operator_rollbacks_total",
            "Versions that were taken back since they failed by their own fault.",
            registry=made,
        )

    def _of_tries(self, made: CollectorRegistry) -> None:
        self.failed_tries = Counter(
            "perennial_operator_failed_tries_total",
            "Jobs of a training attempt that have ended without a verdict, by reason.",
            ["reason"],
            registry=made,
        )
        self.disrupted_tries = Counter(
            "perennial_operator_disrupted_tries_total",
            "The same since the pod was evicted, preempted or shut down with its node.",
            registry=made,
        )

    def _of_pipelines(self, made: CollectorRegistry) -> None:
        self._pipeline = {
            name: Gauge(
                f"perennial_operator_pipeline_{name}", text, ["namespace", "name"], registry=made
            )
            for name, text in _OF_PIPELINE.items()
        }

    def show(self, namespace: str, name: str, status: Status, threshold: int | None) -> None:
        """The numbers of one pipeline, as its status says; `threshold` is `retrain.threshold`."""
        said = {condition.type: condition.status for condition in status.conditions}
        attempt, model = status.running(), status.model
        numbers: dict[str, float] = {
            "ready": said.get("Ready") == "True",
            "stalled": said.get("Stalled") == "True",
            "failed_tries": attempt.failures if attempt else 0,
            "labels": counted_labels(status),
        }
        if threshold:
            numbers["labels_threshold"] = threshold
        if model:
            entry = published(status.history, model.version)
            made = entry.ended_at if entry else model.since
            numbers["model_timestamp_seconds"] = made.timestamp()
        for key, gauge in self._pipeline.items():
            if key in numbers:
                gauge.labels(namespace, name).set(numbers[key])
            else:
                gauge.remove(namespace, name)

    def forget(self, namespace: str, name: str) -> None:
        """The numbers of a pipeline that is gone."""
        for gauge in self._pipeline.values():
            gauge.remove(namespace, name)

    def request(self, method: str, resource: str, code: int) -> None:
        self.requests.labels(method, resource, str(code)).inc()

    def changed(self, before: Status, after: Status) -> None:
        """Counts what is new in a status that the API server has accepted."""
        known = {entry.number for entry in before.history}
        for entry in after.history:
            if entry.number not in known:
                self._ended(entry)
        if attempt := after.attempt:
            old = before.attempt
            tried = old if old and old.number == attempt.number else None
            if attempt.failures > (tried.failures if tried else 0):
                self.failed_tries.labels(_known(attempt.failed_for)).inc()
            if attempt.disruptions > (tried.disruptions if tried else 0):
                self.disrupted_tries.inc()
        self.rollbacks.inc(len(set(after.bad_versions) - set(before.bad_versions)))
        model = after.model
        if model and (before.model is None or before.model.version != model.version):
            self._serves(after, model.version, model.since)

    def _ended(self, entry: HistoryEntry) -> None:
        self.attempts.labels(entry.outcome.value, _known(entry.reason)).inc()
        self.attempt_duration.observe((entry.ended_at - entry.started_at).total_seconds())
        for stage, seconds in entry.seconds.items():
            self.stage_duration.labels(stage).observe(seconds)

    def _serves(self, after: Status, version: str, since: datetime) -> None:
        """Only for the newest attempt's model: going back to an old one is no promotion."""
        newest = after.history[-1] if after.history else None
        if newest and newest.version == version and newest.outcome is AttemptOutcome.PROMOTED:
            started, ended = since - newest.started_at, since - newest.ended_at
            self.trigger_to_serving.observe(started.total_seconds())
            self.promotion_to_serving.observe(ended.total_seconds())

    def text(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self.registry)


def _known(reason: str) -> str:
    """A reason as a label: what a program makes up has no label of its own."""
    return reason if reason in _KNOWN else "Other"


def registry() -> CollectorRegistry:
    """All metrics of this program with their help texts, and no values yet."""
    return Metrics().registry
