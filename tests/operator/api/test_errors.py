from typing import Any

import pytest
from pydantic import ValidationError

from perennial_operator.api.errors import explain
from perennial_operator.api.pods.reserved import KEY_PATTERN
from perennial_operator.api.spec import Spec
from tests.support.operator.builders import a_spec

Json = dict[str, Any]


def said(**sections: Any) -> str:
    with pytest.raises(ValidationError) as error:
        Spec.read(a_spec(**sections))
    return explain(error.value)


TOO_LOW = {"threshold": 1000, "minInterval": "soon"}
FEATURES = [{"name": "age", "type": "Number"}, {"name": "job", "type": "Word"}]


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        (
            {"retrain": TOO_LOW},
            "spec.retrain.minInterval: a duration is a text like 10s, 15m or 1h30m",
        ),
        ({"storage": {"prefix": "a"}}, "spec.storage.bucket: Field required"),
        (
            {"schema": {"label": {"positive": "a", "negative": "b"}, "features": FEATURES}},
            "spec.schema.features[1].type: Input should be 'Number' or 'Category'",
        ),
        (
            {"labels": None, "dataset": None},
            "spec: dataset or labels is needed",
        ),
        (
            {"recorder": {"flushInterval": "0s"}},
            "spec.recorder.flushInterval: at least 1s: each flush writes a file per partition",
        ),
        (
            {"recorder": {"storeLimit": "1"}},
            "spec.recorder.storeLimit: at least 16Mi: events that wait for their label lie there",
        ),
        (
            {"recorder": {"storeLimit": "500m"}},
            "spec.recorder.storeLimit: 500m is no number of bytes",
        ),
        (
            {"trainer": {"deadline": "0s"}},
            "spec.trainer.deadline: at least 1m: an attempt reads, searches and judges in it",
        ),
        (
            {"deadLetters": {"topic": "events"}},
            "spec: deadLetters.topic must be another topic than events.topic",
        ),
        (
            {"lifecycle": {"topic": "labels"}},
            "spec: lifecycle.topic must be another topic than labels.topic",
        ),
        (
            {"schema": {}, "dataset": None},
            "spec: schema.label may be left out only where there is a dataset",
        ),
        (
            {"predictor": {"template": {"env": [{"name": "PERENNIAL_POD", "value": "x"}]}}},
            "spec.predictor.template.env[0].name: PERENNIAL_POD is one of the operator's own",
        ),
        (
            {"trainer": {"template": {"nodeSelector": {"/": "x"}}}},
            f"spec.trainer.template.nodeSelector./: String should match pattern '{KEY_PATTERN}'",
        ),
        (
            {"kafka": {"bootstrapServers": "k:9092", "properties": {"group.id": "x"}}},
            "spec.kafka: kafka.properties cannot set group.id",
        ),
    ],
)
def test_a_field_is_named_as_it_stands_in_the_manifest(sections: Json, message: str) -> None:
    assert said(**sections) == message


def test_the_first_errors_are_told_and_the_others_are_counted() -> None:
    wrong = {"maxEvals": 0, "searchEvery": 0, "timeout": "x", "algorithm": "x", "engine": "x"}

    assert said(optimizer=wrong) == (
        "spec.optimizer.engine: Input should be 'Hyperopt'; "
        "spec.optimizer.algorithm: Input should be 'TPE' or 'Random'; "
        "spec.optimizer.maxEvals: Input should be greater than or equal to 1; and 2 more"
    )
