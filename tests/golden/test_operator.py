"""Output of the operator, pass by pass: status, Events, and its children."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perennial_contract.status import BundleState
from tests.golden.golden import Golden, exposed
from tests.golden.scenario import a_scenario, a_serving_pipeline
from tests.support.operator.builders import V1, V2
from tests.support.operator.harness import a_raw_pod


async def test_a_pipeline_lives_the_same(golden: Golden) -> None:
    scenario = a_scenario(tracking={"uri": "http://mlflow:5000"})
    await scenario.passes("created")
    scenario.record(written={"topic": {"0": 5, "1": 0}})
    await scenario.passes("the recorder runs")
    scenario.train(1, "Promoted", reason="FirstModel", message="search", score=0.296)
    await scenario.passes("a first model is published")
    scenario.serve()
    await scenario.passes("it serves")
    scenario.record(written={"topic": {"0": 905, "1": 100}})
    await scenario.passes("the threshold is reached")
    scenario.train(2, "Promoted", reason="Better", message="better", champion=V1, score=0.25)
    await scenario.passes("a second model is better")
    scenario.serve("b")
    await scenario.passes("its pod is there beside the old one")
    scenario.leave("income-predictor-a")
    await scenario.passes("it serves alone")

    golden.same("operator/life.json", scenario.entries)
    golden.same("operator/life-children.json", scenario.children())
    golden.same("operator/metrics.txt", exposed(scenario.reconciler.metrics.registry))


async def test_a_broken_version_is_rolled_back_the_same(golden: Golden) -> None:
    scenario = await a_serving_pipeline(lifecycle={"topic": "lifecycle"})
    scenario.record(written={"topic": {"0": 9}}, requests={"life": {"0": 1}}, request="now")
    await scenario.passes("somebody asks to retrain")
    scenario.train(2, "Promoted", reason="Better", message="better", champion=V1, score=0.2)
    await scenario.passes("a second model is better")
    scenario.serve("b", BundleState.BROKEN)
    scenario.edit(lifecycle={"topic": "lifecycle"}, predictor={"image": "predictor:2"})
    await scenario.passes("its bundle is broken, and the image was edited")
    scenario.leave("income-predictor-b")
    await scenario.passes("the first serves again", 5)

    golden.same("operator/broken.json", scenario.entries)


async def test_a_candidate_waits_and_is_approved_the_same(golden: Golden) -> None:
    manual: dict[str, Any] = {"mode": "Manual"}
    scenario = await a_serving_pipeline()
    scenario.edit(promotion=manual)
    scenario.record(written={"topic": {"0": 1200}})
    await scenario.passes("promotion is manual, and the threshold is reached")
    scenario.train(2, "Promoted", reason="Better", message="better", champion=V1, score=0.25)
    await scenario.passes("a second model is better")
    scenario.edit(promotion={**manual, "approve": "v9-99999999"})
    await scenario.passes("another version is approved")
    scenario.edit(promotion={**manual, "approve": V2})
    await scenario.passes("it is approved")
    scenario.serve()
    await scenario.passes("it serves")

    golden.same("operator/candidate.json", scenario.entries)


async def test_a_pin_and_a_suspension_are_told_the_same(golden: Golden) -> None:
    scenario = await a_serving_pipeline()
    scenario.edit(model={"pin": "v9-99999999"})
    await scenario.passes("another version is pinned")
    scenario.serve("b")
    await scenario.passes("it is there")
    scenario.leave("income-predictor-a")
    await scenario.passes("it serves")
    scenario.edit(retrain={"threshold": 1000, "suspend": True})
    scenario.record(written={"topic": {"0": 1200}})
    await scenario.passes("the pin is gone, and no attempt may start")

    golden.same("operator/pin.json", scenario.entries)


async def test_a_spec_that_is_invalid_is_told_the_same(golden: Golden) -> None:
    scenario = a_scenario(retrain={"threshold": 100})
    await scenario.passes("created invalid")
    scenario.edit()
    await scenario.passes("corrected")
    scenario.edit(deadLetters={"topic": "events"}, retrain={"threshold": 3000})
    await scenario.passes("invalid again: the last valid one stays")

    golden.same("operator/invalid.json", scenario.entries)


async def test_attempts_that_fail_are_told_the_same(golden: Golden) -> None:
    scenario = await a_serving_pipeline()
    other = {"uri": "s3://data/other.csv", "label": "income"}
    scenario.edit(dataset=other, retrain={"threshold": 1000, "request": "now"})
    await scenario.passes("another dataset, and a request")
    scenario.train(2, "Refused", 42, reason="DataRefused", message="row 1: 'maybe'", champion=V1)
    await scenario.passes("it is refused")
    scenario.edit(retrain={"threshold": 1000, "request": "again"})
    await scenario.passes("the old dataset, and a request")
    problem = {"reason": "StorageRefused", "message": "S3 refuses the credentials"}
    scenario.end(3, json.dumps({"problem": problem}), 75)
    await scenario.passes("the trainer ends without a verdict", 6)

    golden.same("operator/failures.json", scenario.entries)


@pytest.mark.parametrize(
    ("outcome", "reason"), [("Rejected", "NoGain"), ("Inconclusive", "TooFewRows")]
)
async def test_a_verdict_that_keeps_the_model_is_told_the_same(
    golden: Golden, outcome: str, reason: str
) -> None:
    scenario = await a_serving_pipeline()
    scenario.record(written={"topic": {"0": 1200}})
    await scenario.passes("the threshold is reached")
    watermark = {"topic": {"0": 1200}}
    scenario.train(2, outcome, reason=reason, message="kept", champion=V1, watermark=watermark)
    await scenario.passes("the model is kept")

    golden.same(f"operator/{outcome.lower()}.json", scenario.entries)


async def test_what_the_api_server_and_the_pods_refuse_is_told_the_same(golden: Golden) -> None:
    scenario = a_scenario()
    scenario.cluster.refuses = {"StatefulSet": "quota", "Job": "exceeded quota: training"}
    await scenario.passes("children are refused")
    scenario.cluster.refuses = {}
    waiting = {"name": "recorder", "state": {"waiting": {"reason": "ContainerCreating"}}}
    pod = a_raw_pod("income-recorder-0", "recorder")
    pod["status"] = {"phase": "Pending", "containerStatuses": [waiting]}
    scenario.cluster.objects["Pod", "team", "income-recorder-0"] = pod
    scenario.cluster.about["income-recorder-0"] = [("FailedMount", 'secret "s3-client" not found')]
    await scenario.passes("a Secret is missing", 4)

    golden.same("operator/refused.json", scenario.entries)
