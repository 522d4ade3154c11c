"""Plan of one pass over one ModelPipeline: what it writes, given what it saw.

Everything that it needs is an argument, the time included; everything that it decides is in the
value it returns. A pass over an unchanged world decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from perennial_contract.status import RecorderReport
from perennial_contract.watermark import total
from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.names import PREDICTOR, RECORDER, Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.programs import Images
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Status
from perennial_operator.conditions.conditions import conditions_of, dated, invalid
from perennial_operator.conditions.progress import paced, progress_of, quiet_for
from perennial_operator.decide import edits
from perennial_operator.decide.attempts import attempts, triggers
from perennial_operator.decide.change import Change, Facts
from perennial_operator.decide.children import children
from perennial_operator.decide.instants import past
from perennial_operator.decide.versions import approval, forgiveness, rollout
from perennial_operator.manifests.pod import selector
from perennial_operator.observe.bounds import PARTITIONS, REQUESTS, grown
from perennial_operator.observe.cache import Counting
from perennial_operator.observe.world import Observed

RESYNC: Final = timedelta(seconds=60)
_DECISIONS: Final = (
    forgiveness.advance,
    rollout.advance,
    approval.advance,
    attempts.advance,
    edits.advance,
)
LOOK_AGAIN: Final = timedelta(seconds=5)  # while an Event may say why: Events are not watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`status` is written first; then what to delete, settings, what to apply and to create."""

    status: Status
    settings: tuple[Manifest, ...] = ()
    """ConfigMaps that what is applied or created mounts."""
    apply: tuple[Manifest, ...] = ()
    create: tuple[Manifest, ...] = ()
    delete: tuple[Manifest, ...] = ()
    events: tuple[Event, ...] = ()
    again_in: timedelta = RESYNC
    counting: Counting = field(default_factory=Counting)


def plan(pipeline: Pipeline, observed: Observed, images: Images, now: datetime) -> Plan:
    if pipeline.paused:
        return _paused(pipeline, observed, images, now)
    change = Change(_noticed(pipeline, observed, now))
    for advance in _DECISIONS:
        change = change.then(advance(Facts(pipeline, change.status, observed, images, now)))
    status, wait = _with_conditions(Facts(pipeline, change.status, observed, images, now))
    wanted = children(pipeline, status, observed, images)
    waits = [RESYNC, wait, change.again_in, _look_again(observed)]
    return Plan(
        status=status,
        settings=(*wanted.settings, *change.settings),
        apply=wanted.apply,
        create=change.create,
        delete=(*change.delete, *wanted.delete),
        events=(*change.events, *_condition_events(pipeline.status, status)),
        again_in=min(wait for wait in waits if wait is not None),
        counting=_counting(pipeline, change.status, status, now),
    )


def _paused(pipeline: Pipeline, observed: Observed, images: Images, now: datetime) -> Plan:
    """Decides nothing: the status shows what is seen, and a verdict is read after the pause."""
    seen = _noticed(pipeline, observed, now)
    rolled = rollout.advance(Facts(pipeline, seen, observed, images, now)).status
    known = {"model": rolled.model} if rolled.bad_versions == seen.bad_versions else {}
    seen = seen.model_copy(update=known)
    status, wait = _with_conditions(Facts(pipeline, seen, observed, images, now))
    counting = _counting(pipeline, seen, status, now)
    return Plan(status=status, again_in=min(RESYNC, wait or RESYNC), counting=counting)


def refuse(before: Status, generation: int, message: str, now: datetime) -> Plan:
    """The plan for a spec that cannot be read: says so, and leaves everything as it is."""
    said = dated(invalid(message), before.conditions, generation, now)
    types = {condition.type for condition in said}
    others = [c for c in before.conditions if c.type not in types]
    changes = {"conditions": [*said, *others], "observed_generation": generation}
    status = before.model_copy(update=changes)
    return Plan(status=status, events=_condition_events(before, status))


def _noticed(pipeline: Pipeline, observed: Observed, now: datetime) -> Status:
    """The status that decisions begin with."""
    return triggers.noticed(pipeline, _recorded(past(pipeline.status, now), observed), now)


def _counting(pipeline: Pipeline, seen: Status, written: Status, now: datetime) -> Counting:
    """`seen` was reported, `written` stands in the status; the times are from now on."""
    missing = pipeline.spec.retrain.threshold - triggers.new_labels(seen)
    return Counting(
        seen=seen.written,
        written=written.written,
        missing=missing if total(seen.written) else 1,
        told_from=quiet_for(written, now).total_seconds(),
    )


def _recorded(status: Status, observed: Observed) -> Status:
    """The status with what a recorder reports: rows that S3 has confirmed, and retrain requests."""
    for pod in observed.of(RECORDER):
        if said := observed.report(pod, RecorderReport):
            requests = grown(status.requests, said.requests, REQUESTS)
            asked = requests != status.requests
            news = {
                "written": grown(status.written, said.written, PARTITIONS),
                "requests": requests,
                "request_reason": said.request if asked else status.request_reason,
            }
            status = status.model_copy(update=news)
    return status


def _with_conditions(facts: Facts) -> tuple[Status, timedelta | None]:
    """The status with conditions and progress, and how long unwritten progress still waits."""
    pipeline, status, observed, now = facts.pipeline, facts.status, facts.observed, facts.now
    said = conditions_of(pipeline, status, observed, now)
    generation, awaited = pipeline.generation, edits.is_awaited(facts)
    waits = awaited and not edits.is_stalled(pipeline, status, now)
    counts = (observed.deployment or {}).get("status", {})
    status = status.model_copy(
        update={
            "observed_generation": status.observed_generation if waits else generation,
            "conditions": dated(said, status.conditions, generation, now, awaited=awaited),
            "replicas": counts.get("replicas", 0),
            "selector": ",".join(f"{k}={v}" for k, v in selector(pipeline, PREDICTOR).items()),
            "progress": progress_of(pipeline, status, observed, now),
        }
    )
    return paced(pipeline.status, status, now)


def _look_again(observed: Observed) -> timedelta | None:
    """What is known wakes a pass when it changes; of each program one pod that says why will do."""
    podless = observed.statefulset is not None and not observed.of(RECORDER)
    waits = [pod for pod in observed.pods if not pod.started and not pod.over]
    untold = {pod.component for pod in waits} - {pod.component for pod in waits if pod.problem}
    if untold or (podless and "StatefulSet" not in observed.podless):
        return LOOK_AGAIN
    return None


def _condition_events(before: Status, after: Status) -> tuple[Event, ...]:
    """An Event when Ready changes, when an edit stalls, and when an approval has no effect."""
    was = next((c.status for c in before.conditions if c.type == "Ready"), "")
    now = next(c for c in after.conditions if c.type == "Ready")
    events = [Event(now.reason, now.message, warning=now.status != "True")]
    if now.status == was or (now.status != "True" and not was):
        events = []
    types = {c.type for c in before.conditions}
    stalled = (c for c in after.conditions if c.type == "Stalled" and c.type not in types)
    events.extend(Event(c.reason, c.message, warning=True) for c in stalled)
    known = {(c.reason, c.message) for c in before.conditions}
    known |= {(event.reason, event.note) for event in events}
    for condition in after.conditions:
        said = (condition.reason, condition.message)
        if condition.reason == Reason.APPROVAL_REFUSED and said not in known:
            known.add(said)
            events.append(Event(condition.reason, condition.message, warning=True))
    return tuple(events)
