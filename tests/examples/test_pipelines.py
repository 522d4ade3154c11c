from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from perennial.pipeline import Names, load
from perennial.stream.traffic import DELAY, RATE
from perennial.world.dataset import ROWS, base_dataset
from perennial.world.rows import NOISE
from perennial_contract.resource.schema import BinaryLabel
from perennial_model.features.encoder import learn
from perennial_model.features.infer import infer
from perennial_operator.api.spec import Spec

EXAMPLES = Path(__file__).parents[2] / "examples" / "pipelines"


def manifest(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())
    return read


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
def test_an_example_is_what_the_operator_accepts(name: str) -> None:
    assert isinstance(Spec.model_validate(manifest(name)["spec"]), Spec)
    assert manifest(name)["metadata"] == {"name": name}


def test_the_demo_knows_its_pipeline_from_its_manifest() -> None:
    assert load(EXAMPLES / "loans.yaml") == Names(
        name="loans",
        events="loans-events",
        labels="loans-labels",
        predictions="loans-predictions",
        dead_letters="loans-dead-letters",
        lifecycle="loans-lifecycle",
        id_field="request_id",
        label_id="request_id",
        record="data",
        label="group",
        classes=BinaryLabel(positive="A", negative="B"),
        dataset="s3://datasets/loans/train.csv",
        dataset_label="group",
        bucket="perennial",
        prefix="default/loans",
        threshold=2_000,
        experiment="loans",
    )


def test_a_pipeline_may_lack_what_is_optional_and_have_one_topic_for_two() -> None:
    cold, inside = (load(EXAMPLES / f"{name}.yaml") for name in ("cold-start", "label-in-event"))
    migrated = load(EXAMPLES / "migrate-ml-pipeline.yaml")

    assert (cold.dataset, cold.experiment, cold.lifecycle) == ("", "", "")
    assert (inside.labels, inside.label, inside.id_field) == ("", "outcome.group", "")
    assert migrated.topics == ("app_messages", "app_dead_letters", "retrain_topic")
    assert migrated.read_label(">50K.") == migrated.read_label(" >50K")


def test_the_demo_is_what_the_readme_promises() -> None:
    spec = Spec.model_validate(manifest("loans")["spec"])

    assert (RATE, DELAY, NOISE, ROWS) == (80.0, (1.0, 2.0), 0.05, 5_000)
    assert (spec.retrain.threshold, spec.optimizer.max_evals) == (2_000, 10)
    assert spec.recorder.flush_interval == timedelta(seconds=2)
    assert spec.predictor.replicas == 2
    assert spec.trainer.resources.limits["cpu"] == "1"


def test_a_category_is_the_same_value_in_the_dataset_and_on_the_stream() -> None:
    spec = Spec.model_validate(manifest("loans")["spec"])
    header, *lines = base_dataset(load(EXAMPLES / "loans.yaml")).decode().splitlines()
    rows = [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]
    for row in rows:
        del row["group"]
    encoder = learn(rows, infer(rows, spec.label_schema), spec.label_schema.crosses)

    streamed = [{name: int(value) for name, value in row.items()} for row in rows[:100]]
    assert not any(encoder.encode(streamed).unknown.values())
    assert (encoder.encode(streamed).matrix == encoder.encode(rows[:100]).matrix).all()
    assert len(encoder.categorical) == 3
