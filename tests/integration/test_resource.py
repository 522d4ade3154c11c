"""The definition of a ModelPipeline on a real API server: what it takes, refuses and shows."""

import json
from typing import Any

import pytest
import yaml

from tests.support.operator.control_plane import ControlPlane, Refused, a_pipeline, apply
from tests.support.tree import ROOT

pytestmark = pytest.mark.integration

Json = dict[str, Any]


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"labels": None},
        {"dataset": None},
        {"schema": {"label": {"positive": "a", "negative": "b", "aliases": {"x": "a", "y": "b"}}}},
        {"schema": None},
        {"schema": {"exclude": ["fnlwgt"]}},
        {"events": {"topic": "events"}, "labels": {"topic": "labels"}},
        {"optimizer": {"engine": "Hyperopt", "algorithm": "TPE", "maxEvals": 25}},
        {"labels": {"path": "data.income"}, "events": {"topic": "events"}},
        {"predictions": {"topic": "events"}},
        {"predictions": None, "deadLetters": None},
        {"predictions": {"threshold": 0.3}, "deadLetters": {}},
        {"kafka": {"bootstrapServers": "k:9092", "properties": {"compression.type": "lz4"}}},
        {"events": {"topic": "events", "id": {"key": True}, "time": {"header": "at"}}},
        {"lifecycle": {"topic": "lifecycle"}, "labels": None},
        {"model": {"pin": "v7-3fa9c1d2"}, "promotion": {"mode": "Manual"}},
        {"retrain": {"threshold": 1000, "schedule": {"cron": "0 3 * * *"}, "minInterval": "1h"}},
        {"trainer": {"deadline": "60s"}, "recorder": {"flushInterval": "1s", "storeLimit": "16Mi"}},
        {"trainer": {"deadline": "1m"}, "recorder": {"flushInterval": "1000ms"}},
        {"trainer": {"deadline": "100s"}, "recorder": {"storeLimit": 16777216}},
        {"predictor": {"http": {"enabled": True, "service": True}}},
        {"trainer": {"deadline": "1h30m", "resources": {"limits": {"cpu": 2, "memory": "1Gi"}}}},
    ],
)
def test_a_valid_pipeline_is_accepted(
    control_plane: ControlPlane, namespace: str, sections: Json
) -> None:
    apply(control_plane, namespace, a_pipeline(**sections))

    found = control_plane.get(namespace, "mp", "income")
    assert found
    assert found["spec"]["optimizer"]["maxEvals"] == 25
    assert found["status"] == {"observedGeneration": -1}
    assert found["spec"]["trainer"]["deadline"] == sections.get("trainer", {}).get("deadline", "1h")


TWO = {"topic": "labels", "path": "data.income", "id": {"path": "id"}}


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        ({"optimizer": {"maxEvals": "many"}}, "spec.optimizer.maxEvals"),
        ({"retrain": {"threshold": 599}}, "spec.retrain.threshold must be at least 2 *"),
        ({"promotion": {"minJudged": 49}}, "spec.promotion.minJudged"),
        ({"promotion": {"confidence": 1}}, "spec.promotion.confidence"),
        ({"labels": TWO}, "spec.labels needs exactly one source"),
        ({"labels": {"maxDelay": "1h"}}, "spec.labels needs exactly one source"),
        ({"labels": None, "dataset": None}, "spec.dataset or spec.labels is needed"),
        ({"schema": {}, "dataset": None}, "spec.schema.label may be left out only where"),
        ({"optimizer": {"engine": "Optuna"}}, 'supported values: "Hyperopt"'),
        ({"optimizer": {"algorithm": "Bayes"}}, 'supported values: "TPE", "Random"'),
        ({"events": {"topic": "events", "id": {}}}, "spec.events.id needs exactly one of"),
        (
            {"events": {"topic": "events", "id": {"path": "a", "key": True}}},
            "spec.events.id needs exactly one of",
        ),
        ({"deadLetters": {"topic": "events"}}, "spec.deadLetters.topic must be another topic"),
        ({"labels": {"topic": "events"}}, "spec.labels.topic must be another topic"),
        (
            {"labels": {"topic": "events.dead-letters"}, "deadLetters": None},
            "spec.labels.topic must be another topic",
        ),
        (
            {"lifecycle": {"topic": "events.predictions"}, "predictions": None},
            "spec.lifecycle.topic must be another topic",
        ),
        (
            {"events": {"topic": "e" * 237, "id": {"path": "id"}}, "deadLetters": None},
            "spec.events.topic is too long for others to be named after it",
        ),
        (
            {"kafka": {"bootstrapServers": "k", "properties": {"group.id": "x"}}},
            "spec.kafka.properties",
        ),
        (
            {"kafka": {"bootstrapServers": "k", "properties": {"enable.auto.commit": "true"}}},
            "spec.kafka.properties",
        ),
        (
            {"kafka": {"bootstrapServers": "k", "properties": {"linger.ms": "soon"}}},
            "spec.kafka.properties",
        ),
        ({"labels": {"path": "x", "maxDelay": "an hour"}}, "spec.labels.maxDelay"),
        ({"schema": {"label": {"positive": "a", "negative": "a"}}}, "spec.schema.label.positive"),
        (
            {"schema": {"label": {"positive": "a", "negative": "b", "aliases": {"yes": "c"}}}},
            "spec.schema.label.aliases must each mean",
        ),
        ({"task": "Ranking"}, "spec.task"),
        ({"storage": {"bucket": "b"}}, "spec.storage"),
        ({"dataset": {"uri": "http://x/y.csv", "label": "y"}}, "spec.dataset.uri"),
        (
            {"dataset": {"uri": "file:///x/y.csv", "label": "y"}},
            "spec.dataset.uri cannot be a file or folder (file:///...): those are for the loop",
        ),
        (
            {"storage": {"bucket": "perennial", "endpoint": "file:///x"}},
            "spec.storage.endpoint cannot be a file or folder (file:///...): those are for the",
        ),
        ({"predictor": {"replicas": 0}}, "spec.predictor.replicas"),
        ({"recorder": {"storeLimit": "much"}}, "spec.recorder.storeLimit"),
        ({"recorder": {"storeLimit": "1"}}, "spec.recorder.storeLimit must be at least 16Mi"),
        ({"recorder": {"storeLimit": 1}}, "spec.recorder.storeLimit must be at least 16Mi"),
        ({"recorder": {"storeLimit": "16777215"}}, "spec.recorder.storeLimit must be at least"),
        ({"recorder": {"flushInterval": "0s"}}, "spec.recorder.flushInterval must be at least 1s"),
        ({"recorder": {"flushInterval": "0m999ms"}}, "spec.recorder.flushInterval must be at"),
        ({"trainer": {"deadline": "0s"}}, "spec.trainer.deadline must be at least 1m"),
        ({"trainer": {"deadline": "0h59s"}}, "spec.trainer.deadline must be at least 1m"),
        ({"predictor": {"http": {"service": True}}}, "spec.predictor.http.service needs"),
        ({"model": {"forgive": "latest"}}, "spec.model.forgive must be a version"),
        ({"retrian": {"threshold": 1000}}, "spec.retrian"),
        ({"retrain": {"schedule": {"cron": "0 3"}}}, "spec.retrain.schedule.cron"),
        ({"lifecycle": {"topic": "labels"}}, "spec.lifecycle.topic must be another topic"),
        ({"lifecycle": {"topic": "dead-letters"}}, "spec.lifecycle.topic must be another topic"),
        ({"events": {"topic": "events", "filter": {"values": ["x"]}}}, "spec.events.filter needs"),
        ({"model": {"pin": "latest"}}, "spec.model.pin must be a version"),
        ({"promotion": {"approve": "yes"}}, "spec.promotion.approve must be a version"),
        ({"tracking": {"uri": "mlflow:5000"}}, "spec.tracking.uri"),
        (
            {"tracking": {"uri": "sqlite:////x/mlflow.db"}},
            "spec.tracking.uri must be the address of an MLflow server, http:// or https://: a",
        ),
    ],
)
def test_a_pipeline_that_cannot_work_is_refused_by_name(
    control_plane: ControlPlane, namespace: str, sections: Json, named: str
) -> None:
    with pytest.raises(Refused) as refused:
        apply(control_plane, namespace, a_pipeline(**sections))

    text = str(refused.value)
    assert named in text or f'"{named}"' in text
    assert control_plane.get(namespace, "mp", "income") is None


@pytest.mark.parametrize("name", ["a" * 41, "in.come"])
def test_a_name_that_pods_cannot_carry_is_refused(
    control_plane: ControlPlane, namespace: str, name: str
) -> None:
    with pytest.raises(Refused, match=r"metadata\.name may have at most 40 characters"):
        apply(control_plane, namespace, a_pipeline(name))


@pytest.mark.parametrize(
    ("before", "edit", "named"),
    [
        ({}, {"schema": {"label": {"positive": "x"}}}, "spec.schema.label.positive"),
        ({}, {"events": {"id": None}}, "spec.events.id"),
        ({}, {"events": {"id": {"path": "other"}}}, "spec.events.id"),
        (
            {"events": {"topic": "events"}, "labels": {"path": "y"}},
            {"events": {"id": {"key": True}}},
            "spec.events.id",
        ),
        ({}, {"storage": {"bucket": "another"}}, "spec.storage.bucket"),
        ({}, {"storage": {"prefix": "another"}}, "spec.storage.prefix"),
        ({}, {"kafka": {"idPrefix": "another"}}, "spec.kafka.idPrefix"),
    ],
)
def test_what_a_pipeline_is_cannot_be_edited(
    control_plane: ControlPlane, namespace: str, before: Json, edit: Json, named: str
) -> None:
    apply(control_plane, namespace, a_pipeline(**before))
    patch = json.dumps({"spec": edit})

    with pytest.raises(Refused, match=f"{named} cannot be changed"):
        control_plane.kubectl("-n", namespace, "patch", "mp", "income", "--type=merge", "-p", patch)


UP, DOWN = ({"positive": name, "negative": "x"} for name in ("up", "down"))


def patch(control_plane: ControlPlane, namespace: str, change: Json, *status: str) -> None:
    how = ("--type=merge", *status, "-p", json.dumps(change))
    control_plane.kubectl("-n", namespace, "patch", "mp", "income", *how)


@pytest.mark.parametrize(
    ("labels", "taken"),
    [
        ((None, None, UP), True),
        ((None, UP, UP), True),
        ((None, DOWN, UP), False),
        ((UP, None, None), False),
        ((UP, UP, None), True),
        ((UP, DOWN, None), False),
        ((UP, UP, DOWN), False),
    ],
)
def test_a_label_comes_and_goes_only_with_the_positive_class_that_was_found(
    control_plane: ControlPlane,
    namespace: str,
    labels: tuple[Json | None, Json | None, Json | None],
    *,
    taken: bool,
) -> None:
    before, found, after = labels
    apply(control_plane, namespace, a_pipeline(schema={"label": before} if before else {}))
    if found:
        patch(control_plane, namespace, {"status": {"label": found}}, "--subresource=status")

    change = {"spec": {"schema": {"label": after}}}
    if taken:
        patch(control_plane, namespace, change)
    else:
        with pytest.raises(Refused, match=r"spec\.schema\.label"):
            patch(control_plane, namespace, change)

    kept = control_plane.get(namespace, "mp", "income")
    assert kept
    assert kept["spec"]["schema"].get("label") == (after if taken else before)
    assert kept["status"].get("label") == found


def test_no_label_of_the_spec_keeps_the_operator_from_its_status(
    control_plane: ControlPlane, namespace: str
) -> None:
    """An attempt found it while somebody declared another one."""
    apply(control_plane, namespace, a_pipeline(schema={"label": UP}))

    for label in (DOWN, UP, None):
        patch(control_plane, namespace, {"status": {"label": label}}, "--subresource=status")

    patch(control_plane, namespace, {"status": {"label": DOWN}}, "--subresource=status")
    patch(control_plane, namespace, {"spec": {"retrain": {"threshold": 2000}}})


def test_the_shortest_example_is_taken(control_plane: ControlPlane, namespace: str) -> None:
    manifest = yaml.safe_load((ROOT / "examples/pipelines/short.yaml").read_text())

    apply(control_plane, namespace, manifest)

    kept = control_plane.get(namespace, "mp", "short")
    assert kept
    spec = kept["spec"]
    assert (spec["schema"], spec["optimizer"]["engine"]) == ({}, "Hyperopt")


def test_a_pipeline_scales_explains_itself_and_is_found_by_its_short_names(
    control_plane: ControlPlane, namespace: str
) -> None:
    apply(control_plane, namespace, a_pipeline())

    control_plane.kubectl("-n", namespace, "scale", "mp", "income", "--replicas=3")

    found = control_plane.get(namespace, "ml", "income")
    assert found
    assert found["spec"]["predictor"]["replicas"] == 3
    explained = control_plane.kubectl("explain", "modelpipeline.spec.retrain")
    assert "Labelled observations since the last attempt that start the next one." in explained
    header = control_plane.kubectl("-n", namespace, "get", "mp").splitlines()[0].split()
    assert header == ["NAME", "READY", "MODEL", "SCORE", "LABELS", "ATTEMPT", "REPLICAS", "AGE"]
