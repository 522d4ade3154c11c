"""Edit of what pods are made from: since when they are on their way to it, and how many run it.

Only an edit of the spec counts: what an operator's upgrade or a promotion changes in the pods
begins none, and neither does an edit that changes nothing in them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from perennial_operator.api.names import PREDICTOR, RECORDER
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.status import Edit, Status
from perennial_operator.decide.change import Change, Facts
from perennial_operator.decide.versions.choice import served
from perennial_operator.manifests import deployment, statefulset
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.world import Observed

STALLED_AFTER: Final = timedelta(minutes=10)


def advance(facts: Facts) -> Change:
    """Begins, goes on with or ends the edit, in the status: an operator that restarts goes on."""
    edit = _asked_for(facts)
    status = facts.status.model_copy(update={"edit": edit})
    if edit.since and not unfinished(facts.pipeline, status, facts.observed):
        edit = edit.model_copy(update={"since": None})
    return Change(status.model_copy(update={"edit": edit}))


def _asked_for(facts: Facts) -> Edit:
    pipeline, before, images = facts.pipeline, facts.status.edit, facts.images
    edit = Edit(
        predictor=deployment.template_digest(pipeline, images.predictor),
        recorder=statefulset.template_digest(pipeline, images.recorder)
        if pipeline.spec.labels
        else "",
    )
    if before and (before.predictor, before.recorder) == (edit.predictor, edit.recorder):
        return before
    begins = (before and before.since) or _is_new(pipeline, facts.status)
    return edit.model_copy(update={"since": facts.now if begins else None})


def _is_new(pipeline: Pipeline, status: Status) -> bool:
    """Whether the spec was edited since it was observed; one that was just created was not."""
    return status.observed_generation > 0 and status.observed_generation != pipeline.generation


def is_awaited(facts: Facts) -> bool:
    """Whether Ready is still about an earlier spec; what is edited in a pause begins after it."""
    edit = _asked_for(facts) if facts.pipeline.paused else facts.status.edit
    return edit is not None and edit.since is not None and not facts.pipeline.invalid


def is_stalled(pipeline: Pipeline, status: Status, now: datetime) -> bool:
    """Whether pods have been on their way for ten minutes; those that are paused are on none."""
    since = status.edit.since if status.edit else None
    return since is not None and not pipeline.paused and now - since >= STALLED_AFTER


def unfinished(pipeline: Pipeline, status: Status, observed: Observed) -> tuple[int, int] | None:
    """How many pods run the edit, and how many are to; None once all do."""
    wanted = {
        PREDICTOR: pipeline.spec.predictor.replicas if served(pipeline, status) else 0,
        RECORDER: 1 if pipeline.spec.labels else 0,
    }
    done, complete = 0, True
    for component, count in wanted.items():
        run = [pod.ready and is_made_from(pod, status) for pod in observed.of(component)]
        done += min(count, sum(run))
        complete = complete and (count == 0 or (all(run) and len(run) >= count))
    return None if complete else (done, sum(wanted.values()))


def is_made_from(pod: Pod, status: Status) -> bool:
    """Whether a pod was made from what the edit asks for."""
    edit = status.edit
    wanted = {PREDICTOR: edit.predictor, RECORDER: edit.recorder} if edit else {}
    return pod.template == wanted.get(pod.component)
