"""What the operator writes, pass by pass: status, Events, and its children."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Final

import pytest
from pydantic import ValidationError

from docs.generate import PAGES
from perennial_contract.status import BundleState
from perennial_operator.crd import to_yaml
from perennial_operator.manifests.deployment import deployment
from perennial_operator.manifests.job import job
from perennial_operator.manifests.statefulset import statefulset
from perennial_operator.resource import Pipeline
from perennial_operator.spec import Spec
from perennial_operator.spec_errors import explain
from tests.golden.film import a_film, with_a_model
from tests.golden.golden import Golden, exposed
from tests.operator.passes import a_raw_pod
from tests.operator.wishes import REFUSED, WISHES
from tests.operator.world import NOW, V1, V2, a_pipeline, a_spec, an_attempt

FULL: Final[dict[str, Any]] = {
    "predictor": {"replicas": 2, "template": WISHES},
    "recorder": {"resources": {"limits": {"memory": "1Gi"}}, "template": WISHES},
    "trainer": {"deadline": "30m", "template": WISHES},
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


@pytest.mark.parametrize(("name", "sections"), [("plain", {}), ("full", FULL)])
def test_the_children_are_the_same(golden: Golden, name: str, sections: dict[str, Any]) -> None:
    pipeline = a_pipeline(**sections).model_copy(update={"cluster": "uid-of-kube-system"})
    made = children(pipeline)

    golden.same(f"operator/children-{name}.json", made)
    golden.same(
        f"operator/settings-{name}.json",
        {kind: json.loads(_settings(manifest)) for kind, manifest in made.items()},
    )


def children(pipeline: Pipeline) -> dict[str, Any]:
    attempt = an_attempt(pipeline, 7, watermark={"topic": {"0": 10}}, champion=V2, previous=V1)
    return {
        "predictor": deployment(pipeline, "predictor:1", V2),
        "recorder": statefulset(pipeline, "recorder:1"),
        "trainer": job(pipeline, "trainer:1", attempt.model_copy(update={"started_at": NOW})),
    }


def _settings(manifest: dict[str, Any]) -> str:
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    return next(str(e["value"]) for e in container["env"] if e["name"] == "PERENNIAL_SETTINGS")


async def test_a_pipeline_lives_the_same(golden: Golden) -> None:
    film = a_film(**{k: FULL[k] for k in ("lifecycle", "tracking")})
    await film.passes("created")
    film.record(written={"topic": {"0": 5, "1": 0}})
    await film.passes("the recorder runs")
    film.train(1, "Promoted", reason="FirstModel", message="search", score=0.296)
    await film.passes("a first model is published")
    film.serve()
    await film.passes("it serves")
    film.record(written={"topic": {"0": 905, "1": 100}})
    await film.passes("the threshold is reached")
    film.train(2, "Promoted", reason="Better", message="better", champion=V1, score=0.25)
    await film.passes("a second model is better")
    film.serve("b")
    await film.passes("its pod is there beside the old one")
    film.leave("income-predictor-a")
    await film.passes("it serves alone")
    film.record(written={"topic": {"0": 905, "1": 100}}, requests={"life": {"0": 1}}, request="now")
    await film.passes("somebody asks to retrain")
    film.train(3, "Promoted", reason="Better", message="better", champion=V2, score=0.2)
    await film.passes("a third model is better")
    film.serve("c", BundleState.BROKEN)
    await film.passes("its bundle is broken")
    film.leave("income-predictor-c")
    await film.passes("the second serves again", 5)

    golden.same("operator/life.json", film.scenes)
    golden.same("operator/life-children.json", film.children())
    golden.same("operator/metrics.txt", exposed(film.reconciler.metrics.registry))


async def test_a_candidate_waits_and_is_approved_the_same(golden: Golden) -> None:
    manual: dict[str, Any] = {"mode": "Manual"}
    film = await with_a_model()
    film.edit(promotion=manual)
    film.record(written={"topic": {"0": 1200}})
    await film.passes("promotion is manual, and the threshold is reached")
    film.train(2, "Promoted", reason="Better", message="better", champion=V1, score=0.25)
    await film.passes("a second model is better")
    film.edit(promotion={**manual, "approve": "v9-99999999"})
    await film.passes("another version is approved")
    film.edit(promotion={**manual, "approve": V2})
    await film.passes("it is approved")
    film.serve()
    await film.passes("it serves")
    film.edit(promotion=manual, model={"pin": V1})
    await film.passes("the first is pinned")
    film.serve()
    await film.passes("the first serves")
    film.edit(promotion=manual, retrain={"threshold": 1000, "suspend": True})
    await film.passes("the pin is gone, and no attempt may start")

    golden.same("operator/candidate.json", film.scenes)


async def test_a_spec_that_is_invalid_is_told_the_same(golden: Golden) -> None:
    film = a_film(retrain={"threshold": 100})
    await film.passes("created invalid")
    film.edit()
    await film.passes("corrected")
    film.edit(deadLetters={"topic": "events"}, retrain={"threshold": 3000})
    await film.passes("invalid again: the last valid one stays")

    golden.same("operator/invalid.json", film.scenes)


async def test_attempts_that_fail_are_told_the_same(golden: Golden) -> None:
    film = await with_a_model()
    other = {"uri": "s3://data/other.csv", "label": "income"}
    film.edit(dataset=other, retrain={"threshold": 1000, "request": "now"})
    await film.passes("another dataset, and a request")
    film.train(2, "Refused", 42, reason="DataRefused", message="row 1: 'maybe'", champion=V1)
    await film.passes("it is refused")
    film.edit(retrain={"threshold": 1000, "request": "again"})
    await film.passes("the old dataset, and a request")
    problem = {"reason": "StorageRefused", "message": "S3 refuses the credentials"}
    film.end(3, json.dumps({"problem": problem}), 75)
    await film.passes("the trainer ends without a verdict", 6)

    golden.same("operator/failures.json", film.scenes)


@pytest.mark.parametrize(
    ("outcome", "reason"), [("Rejected", "NoGain"), ("Inconclusive", "TooFewRows")]
)
async def test_a_verdict_that_keeps_the_model_is_told_the_same(
    golden: Golden, outcome: str, reason: str
) -> None:
    film = await with_a_model()
    film.record(written={"topic": {"0": 1200}})
    await film.passes("the threshold is reached")
    watermark = {"topic": {"0": 1200}}
    film.train(2, outcome, reason=reason, message="kept", champion=V1, watermark=watermark)
    await film.passes("the model is kept")

    golden.same(f"operator/{outcome.lower()}.json", film.scenes)


async def test_what_the_api_server_and_the_pods_refuse_is_told_the_same(golden: Golden) -> None:
    film = a_film()
    film.cluster.refuses = {"StatefulSet": "quota", "Job": "exceeded quota: training"}
    await film.passes("children are refused")
    film.cluster.refuses = {}
    waiting = {"state": {"waiting": {"reason": "ContainerCreating"}}}
    pod = a_raw_pod("income-recorder-0", "recorder")
    pod["status"] = {"phase": "Pending", "containerStatuses": [waiting]}
    film.cluster.objects["Pod", "team", "income-recorder-0"] = pod
    film.cluster.about["income-recorder-0"] = [("FailedMount", 'secret "s3-client" not found')]
    await film.passes("a Secret is missing", 4)

    golden.same("operator/refused.json", film.scenes)


def test_what_is_wrong_with_a_template_is_told_the_same(golden: Golden) -> None:
    golden.same("operator/templates.json", [_said(template) for template, _ in REFUSED])


def _said(template: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as error:
        Spec.model_validate(a_spec(predictor={"template": template}))
    return explain(error.value)


def test_the_definition_and_the_pages_are_the_same(golden: Golden) -> None:
    golden.same("operator/crd.sha256", sha256(to_yaml().encode()).hexdigest() + "\n")
    for name, page in PAGES.items():
        golden.same(f"docs/{name}", page())
