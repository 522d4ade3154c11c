"""Children that stay: the recorder's StatefulSet, the predictor's Deployment and its Service."""

from __future__ import annotations

from dataclasses import dataclass

from perennial_operator.api.names import Manifest
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.programs import Images
from perennial_operator.api.status import Status
from perennial_operator.decide.versions.goal import goal_of
from perennial_operator.manifests.config_map import named
from perennial_operator.manifests.deployment import deployment, deployment_settings
from perennial_operator.manifests.service import service
from perennial_operator.manifests.statefulset import statefulset, statefulset_settings
from perennial_operator.observe.applied import as_applied
from perennial_operator.observe.pods import is_leaving, is_ours
from perennial_operator.observe.world import Observed


@dataclass(frozen=True, slots=True)
class Children:
    """What is to be, and what is to be no more."""

    settings: tuple[Manifest, ...]
    """ConfigMaps that must be there before what is applied."""
    apply: tuple[Manifest, ...]
    delete: tuple[Manifest, ...]


def children(pipeline: Pipeline, status: Status, observed: Observed, images: Images) -> Children:
    goal = goal_of(pipeline, status, images.predictor)
    wanted: list[tuple[Manifest | None, Manifest | None]] = [
        (
            statefulset(pipeline, images.recorder) if pipeline.spec.labels else None,
            observed.statefulset,
        ),
        (
            deployment(goal.pipeline, goal.image, goal.version) if goal.version else None,
            observed.deployment,
        ),
        (service(pipeline), observed.service),
    ]
    apply = [(want, have) for want, have in wanted if want and _may_write(pipeline, have)]
    delete = [have for want, have in wanted if want is None and have and _may_write(pipeline, have)]
    mounted = set[str]().union(*(named(want) for want, _ in apply))
    settings = [statefulset_settings(pipeline), deployment_settings(goal.pipeline)]
    needed = [each for each in settings if each["metadata"]["name"] in mounted]
    changed = [want for want, have in apply if not _is_applied(want, have, observed)]
    return Children(tuple(needed), tuple(changed), tuple(delete))


def _is_applied(want: Manifest, have: Manifest | None, observed: Observed) -> bool:
    """Whether it was applied just so, and is still so where it is ours."""
    return have is not None and observed.applied.get(want["kind"]) == as_applied(want, have)


def _may_write(pipeline: Pipeline, have: Manifest | None) -> bool:
    """A child counts only if its controller has our UID; one that leaves is made again after."""
    return have is None or (is_ours(have, pipeline.uid) and not is_leaving(have))
