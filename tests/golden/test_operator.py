"""What the operator writes, pass by pass: status, Events, and its children."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perennial_contract.status import BundleState
from tests.golden.film import a_film, with_a_model
from tests.golden.golden import Golden, exposed
from tests.support.operator.builders import V1, V2
from tests.support.operator.harness import a_raw_pod


async def test_a_pipeline_lives_the_same(golden: Golden) -> None:
    film = a_film(tracking={"uri": "http://mlflow:5000"})
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

    golden.same("operator/life.json", film.scenes)
    golden.same("operator/life-children.json", film.children())
    golden.same("operator/metrics.txt", exposed(film.reconciler.metrics.registry))


async def test_a_broken_version_is_rolled_back_the_same(golden: Golden) -> None:
    film = await with_a_model(lifecycle={"topic": "lifecycle"})
    film.record(written={"topic": {"0": 9}}, requests={"life": {"0": 1}}, request="now")
    await film.passes("somebody asks to retrain")
    film.train(2, "Promoted", reason="Better", message="better", champion=V1, score=0.2)
    await film.passes("a second model is better")
    film.serve("b", BundleState.BROKEN)
    film.edit(lifecycle={"topic": "lifecycle"}, predictor={"image": "predictor:2"})
    await film.passes("its bundle is broken, and the image was edited")
    film.leave("income-predictor-b")
    await film.passes("the first serves again", 5)

    golden.same("operator/broken.json", film.scenes)


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

    golden.same("operator/candidate.json", film.scenes)


async def test_a_pin_and_a_suspension_are_told_the_same(golden: Golden) -> None:
    film = await with_a_model()
    film.edit(model={"pin": "v9-99999999"})
    await film.passes("another version is pinned")
    film.serve("b")
    await film.passes("it is there")
    film.leave("income-predictor-a")
    await film.passes("it serves")
    film.edit(retrain={"threshold": 1000, "suspend": True})
    film.record(written={"topic": {"0": 1200}})
    await film.passes("the pin is gone, and no attempt may start")

    golden.same("operator/pin.json", film.scenes)


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
