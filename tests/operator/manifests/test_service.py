import pytest
from pydantic import ValidationError

from perennial_contract.settings import PREDICT_PORT
from perennial_operator.manifests.deployment import deployment, template_digest
from perennial_operator.manifests.service import service
from perennial_operator.manifests.settings import predictor_settings
from tests.support.operator.builders import UID, V1, a_pipeline

BOTH = {"http": {"enabled": True, "service": True}}


def test_there_is_none_unless_it_is_asked_for() -> None:
    assert service(a_pipeline()) is None
    assert service(a_pipeline(predictor={"http": {"enabled": True}})) is None


def test_it_leads_to_the_port_of_requests_on_the_predictors_pods() -> None:
    pipeline = a_pipeline(predictor=BOTH)

    found = service(pipeline)

    pod = deployment(pipeline, "image", V1)["spec"]["template"]
    assert found == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "income-predictor",
            "namespace": "team",
            "labels": deployment(pipeline, "image", V1)["metadata"]["labels"],
            "ownerReferences": [
                {
                    "apiVersion": "perennial.dev/v1alpha1",
                    "kind": "ModelPipeline",
                    "name": "income",
                    "uid": UID,
                    "controller": True,
                }
            ],
        },
        "spec": {
            "selector": {
                "perennial.dev/pipeline": "income",
                "perennial.dev/component": "predictor",
            },
            "ports": [{"name": "http", "port": 80, "targetPort": "predict", "protocol": "TCP"}],
        },
    }
    assert found["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    (program,) = pod["spec"]["containers"]
    assert program["ports"] == [
        {"name": "http", "containerPort": 8080, "protocol": "TCP"},
        {"name": "predict", "containerPort": PREDICT_PORT, "protocol": "TCP"},
    ]


def test_a_service_rolls_no_pod_and_what_is_off_stands_in_no_settings() -> None:
    off, on, served = (
        a_pipeline(predictor={"http": http})
        for http in ({}, {"enabled": True}, {"enabled": True, "service": True})
    )

    assert template_digest(on, "image") == template_digest(served, "image")
    assert template_digest(on, "image") != template_digest(off, "image")
    assert predictor_settings(on).http
    assert '"http"' not in predictor_settings(off).to_json()
    assert predictor_settings(off).to_json() == predictor_settings(a_pipeline()).to_json()


def test_a_service_that_would_lead_to_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="service needs enabled: true"):
        a_pipeline(predictor={"http": {"service": True}})
