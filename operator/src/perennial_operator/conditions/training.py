"""Conditions RecorderAvailable, LabelsComplete and Training."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from perennial_contract.status import RecorderReport
from perennial_contract.watermark import position, positions, total
from perennial_operator.api.attempts import Attempt, AttemptOutcome, HistoryEntry, Trigger
from perennial_operator.api.names import RECORDER
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Status
from perennial_operator.conditions.texts import PAUSED, SUSPENDED, with_remedy
from perennial_operator.conditions.undated import FALSE, TRUE, UNKNOWN, UndatedCondition
from perennial_operator.observe.pods import stuck
from perennial_operator.observe.world import Observed

_UNREAD: Final = frozenset(
    {AttemptOutcome.REFUSED, AttemptOutcome.SUPERSEDED, AttemptOutcome.ADOPTED}
)
FAILING: Final = 3  # tries in a row; the next one is no good news before its verdict
_UNUSABLE: Final = {
    "rejected_label": "are neither class: look at schema.label and labels.value",
    "null_label": "hold no value: look at labels.value",
    "unreadable_label": "cannot be read: look at labels.id and labels.value",
    "orphan_label": "match no event: look at labels.id, events.id and labels.maxDelay",
    "excess_label": "wait in hundreds under one id: look at labels.id",
    "late_label": "arrive too late: look at labels.maxDelay",
}


def recorder(pipeline: Pipeline, observed: Observed, now: datetime) -> UndatedCondition:
    kind = "RecorderAvailable"
    if pipeline.spec.labels is None:
        return UndatedCondition(kind, TRUE, Reason.NOT_NEEDED, "there is no label source")
    pods = observed.of(RECORDER)
    problem = observed.first_problem(pods) or observed.podless.get("StatefulSet")
    if problem:
        return UndatedCondition(kind, FALSE, problem.reason, problem.message)
    leaving = (stuck(pod, now) for pod in observed.pods if pod.component == RECORDER)
    if not pods and (held := next(filter(None, leaving), None)):
        return UndatedCondition(kind, FALSE, held.reason, held.message)
    if not any(pod.ready for pod in pods):
        return UndatedCondition(kind, FALSE, Reason.STARTING, "the recorder is starting")
    if all(pod.name in observed.silent for pod in pods):
        return UndatedCondition(
            kind, UNKNOWN, Reason.NO_ANSWER, "the pod does not answer the operator"
        )
    return UndatedCondition(kind, TRUE, Reason.AVAILABLE, "the recorder joins events and labels")


def labels_complete(pipeline: Pipeline, status: Status, observed: Observed) -> UndatedCondition:
    kind = "LabelsComplete"
    if pipeline.spec.labels is None:
        return UndatedCondition(kind, TRUE, Reason.NOT_NEEDED, "there is no label source")
    said = [r for pod in observed.of(RECORDER) if (r := observed.report(pod, RecorderReport))]
    if not said:
        return _as_before(kind, status)
    if fallen := next(filter(None, (_fallen(report, status) for report in said)), None):
        return UndatedCondition(kind, FALSE, Reason.OBSERVATIONS_LOST, fallen)
    if not all(report.labels_complete for report in said):
        return UndatedCondition(
            kind, FALSE, Reason.LABELS_LOST, "labels or events were lost: see the log"
        )
    if unusable := next(filter(None, map(_unusable, said)), _left_out(status)):
        return UndatedCondition(kind, FALSE, Reason.LABELS_UNUSABLE, unusable)
    return UndatedCondition(kind, TRUE, Reason.COMPLETE, "no label was lost")


def _fallen(report: RecorderReport, status: Status) -> str | None:
    """Where S3 confirms less than it did; what nothing is known of yet has not fallen."""
    counted = status.written
    for topic_id, partition, following in positions(report.written):
        if following < position(counted, topic_id, partition):
            where = f"topic {topic_id}, partition {partition}"
            why = "the bucket or its prefix was emptied or made again"
            return f"S3 confirms fewer observations of {where}, than were counted: {why}"
    return None


def _unusable(report: RecorderReport) -> str | None:
    """What is wrong with most of the labels; a number would change with every report."""
    worst = max(_UNUSABLE, key=lambda name: report.counts.get(name, 0))
    most = report.counts.get(worst, 0) > report.counts.get("observations", 0)
    return f"most labels {_UNUSABLE[worst]}" if most else None


def _left_out(status: Status) -> str | None:
    """What the newest attempt that read observations says: their recorder knew no classes."""
    newest = next((e for e in reversed(status.history) if e.outcome not in _UNREAD), None)
    if newest is None or 2 * (newest.left_out or 0) <= total(status.handled.watermark):
        return None
    known = "; status.label names the two" if status.label else ""
    return f"most labels {_UNUSABLE['rejected_label']}{known}"


def _as_before(kind: str, status: Status) -> UndatedCondition:
    before = next((c for c in status.conditions if c.type == kind), None)
    if before is None:
        return UndatedCondition(
            kind, UNKNOWN, Reason.NO_ANSWER, "the recorder has not reported yet"
        )
    return UndatedCondition(kind, before.status, before.reason, before.message)


def training(pipeline: Pipeline, status: Status, observed: Observed) -> UndatedCondition:
    kind, attempt = "Training", status.running()
    if stopped := _stopped(pipeline, attempt, observed):
        return UndatedCondition(kind, *stopped)
    if attempt and attempt.problem:
        at = attempt.not_before
        again = f"; again at {at:%Y-%m-%d %H:%M:%S} UTC" if at else ""
        message = f"attempt {attempt.number}: {attempt.problem.message}{again}"
        return UndatedCondition(kind, FALSE, attempt.problem.reason, message)
    if attempt and attempt.failures >= FAILING:
        row = f"{attempt.failures} tries in a row have failed, the last with {attempt.failed_for}"
        message = f"attempt {attempt.number}: {row}; it runs again now"
        return UndatedCondition(kind, FALSE, attempt.failed_for, message)
    if attempt:
        what = f"attempt {attempt.number}: {attempt.trigger.value}"
        return UndatedCondition(kind, TRUE, Reason.ATTEMPT_RUNNING, what)
    if status.history:
        return UndatedCondition(kind, FALSE, *_last_attempt(status.history[-1]))
    return UndatedCondition(
        kind, FALSE, Reason.WAITING_FOR_ATTEMPT, "there has been no attempt yet"
    )


def _stopped(
    pipeline: Pipeline, attempt: Attempt | None, observed: Observed
) -> tuple[str, str, str] | None:
    """The condition while training is suspended or paused; a Job that runs still ends."""
    adopts = attempt is not None and attempt.trigger is Trigger.ADOPTION and not attempt.verdict
    suspended = pipeline.spec.retrain.suspend and not adopts
    if not suspended and not pipeline.paused:
        return None
    reason, why = (Reason.SUSPENDED, SUSPENDED) if suspended else (Reason.PAUSED, PAUSED)
    if attempt is None or (observed.job is None and not attempt.verdict):
        return FALSE, reason, why
    if attempt.verdict:
        verdict = attempt.verdict.outcome.value
        return FALSE, reason, f"attempt {attempt.number}: its verdict ({verdict}) waits; {why}"
    if attempt.problem:
        return None
    return TRUE, reason, f"attempt {attempt.number} runs to its end, and its verdict waits; {why}"


def _last_attempt(entry: HistoryEntry) -> tuple[str, str]:
    return entry.outcome.value, f"attempt {entry.number}: {with_remedy(entry)} ({entry.reason})"
