"""Worlds in which a second version is on its way."""

from dataclasses import replace
from typing import Any

from perennial_operator.api.pipeline import Pipeline
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.world import Observed
from tests.support.operator.builders import (
    D2,
    V1,
    V2,
    a_deployment,
    a_pipeline,
    a_predictor,
    a_recorder,
    a_world,
    an_attempt,
    an_entry,
    recorded,
    serving,
    verified,
)


def promoted(**sections: Any) -> Pipeline:
    """The second version was promoted, the first still serves."""
    status = serving(
        head=V2,
        history=[an_entry(1), an_entry(2, champion=V1, score=0.25)],
        attempt=an_attempt(a_pipeline(), 2, champion=V1),
    )
    return a_pipeline(status, **sections)


def rolling(pipeline: Pipeline, new: Pod, *reports: Any, **deployment: int) -> Observed:
    """Both an old pod that serves and a new one are there."""
    current = a_deployment(pipeline, V2)
    current["status"] |= {"replicas": 2, **deployment}
    old = a_predictor(V1, "income-predictor-old")
    world = a_world(pipeline, deployment=current, pods=(a_recorder(), old, new))
    return replace(
        world, reports={**world.reports, **{r.pod: r for r in (verified(old), *reports)}}
    )


def complete(pipeline: Pipeline, digest: str = D2) -> Observed:
    new = a_predictor(V2)
    return a_world(
        pipeline,
        deployment=a_deployment(pipeline, V2),
        pods=(a_recorder(), new),
        reports=(recorded(a_recorder()), verified(new, digest)),
    )
