"""Children of a spec, with the programs' settings; the definition and the pages."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Final

import pytest
from pydantic import ValidationError

from docs.generate import PAGES
from perennial_operator.api.attempts import Attempt
from perennial_operator.api.errors import explain
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.spec import Spec
from perennial_operator.crd.definition import to_yaml
from perennial_operator.manifests.deployment import deployment, deployment_settings
from perennial_operator.manifests.job import job, job_settings
from perennial_operator.manifests.statefulset import statefulset, statefulset_settings
from tests.golden.golden import Golden
from tests.support.operator.additions import ADDITIONS, REFUSED
from tests.support.operator.builders import NOW, V1, V2, a_pipeline, a_spec, an_attempt

FULL: Final[dict[str, Any]] = {
    "predictor": {"replicas": 2, "template": ADDITIONS},
    "recorder": {"resources": {"limits": {"memory": "1Gi"}}, "template": ADDITIONS},
    "trainer": {"deadline": "30m", "template": ADDITIONS},
    "kafka": {
        "bootstrapServers": "kafka:9093",
        "secretRef": {"name": "kafka-client"},
        "properties": {"linger.ms": "5"},
        "idPrefix": "team",
    },
    "events": {
        "topic": "events",
        "id": {"path": "id"},
        "record": "data",
        "time": {"header": "at"},
        "filter": {"path": "type", "values": ["event"]},
    },
    "labels": {"topic": "labels", "id": {"key": True}, "maxDelay": "2h", "maturity": "10m"},
    "predictions": {"topic": "events", "threshold": 0.25},
    "lifecycle": {"topic": "lifecycle"},
    "tracking": {"uri": "http://mlflow:5000", "experiment": "income"},
    "schema": {
        "label": {"positive": ">50K", "negative": "<=50K", "aliases": {"rich": ">50K"}},
        "features": [{"name": "age", "type": "Number"}, {"name": "job", "type": "Category"}],
        "exclude": ["zip"],
    },
    "retrain": {"threshold": 2000, "minInterval": "1h", "schedule": {"cron": "0 3 * * *"}},
    "optimizer": {"maxEvals": 3, "algorithm": "Random", "timeout": "5m", "searchEvery": 2},
    "promotion": {"minImprovement": 0.01, "confidence": 0.9, "minJudged": 500},
}

SHORT: Final[dict[str, Any]] = {
    "events": {"topic": "events"},
    "labels": {"topic": "labels"},
    **dict.fromkeys(("predictions", "deadLetters", "schema")),
}


@pytest.mark.parametrize(("name", "sections"), [("plain", {}), ("full", FULL), ("short", SHORT)])
def test_the_children_are_the_same(golden: Golden, name: str, sections: dict[str, Any]) -> None:
    pipeline = a_pipeline(**sections).model_copy(update={"cluster": "uid-of-kube-system"})
    made, told = children(pipeline), settings(pipeline)

    golden.same(f"operator/children-{name}.json", made)
    golden.same(f"operator/config-maps-{name}.json", told)
    golden.same(
        f"operator/settings-{name}.json",
        {program: json.loads(each["data"]["settings.json"]) for program, each in told.items()},
    )


def children(pipeline: Pipeline) -> dict[str, Any]:
    return {
        "predictor": deployment(pipeline, "predictor:1", V2),
        "recorder": statefulset(pipeline, "recorder:1"),
        "trainer": job(pipeline, "trainer:1", _attempt(pipeline)),
    }


def settings(pipeline: Pipeline) -> dict[str, Any]:
    return {
        "predictor": deployment_settings(pipeline),
        "recorder": statefulset_settings(pipeline),
        "trainer": job_settings(pipeline, _attempt(pipeline)),
    }


def _attempt(pipeline: Pipeline) -> Attempt:
    attempt = an_attempt(pipeline, 7, watermark={"topic": {"0": 10}}, champion=V2, previous=V1)
    return attempt.model_copy(update={"started_at": NOW})


def test_what_is_wrong_with_a_template_is_told_the_same(golden: Golden) -> None:
    golden.same("operator/templates.json", [_said(template) for template, _ in REFUSED])


def _said(template: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as error:
        Spec.model_validate(a_spec(predictor={"template": template}))
    return explain(error.value)


def test_the_definition_and_the_pages_are_the_same(golden: Golden) -> None:
    golden.same("operator/crd.sha256", sha256(to_yaml().encode()).hexdigest() + "\n")
    for name in ("metrics.md", "reasons.md"):
        golden.same(f"docs/{name}", PAGES[name]())
