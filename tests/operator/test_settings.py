import pytest

from perennial_operator.api.programs import Images
from perennial_operator.settings import Settings

ENVIRONMENT = {
    "POD_NAME": "operator-x",
    "POD_NAMESPACE": "perennial-system",
    "LEASE_NAME": "perennial-operator",
    "WATCH_NAMESPACES": "team,other",
    "PREDICTOR_IMAGE": "predictor:1",
    "RECORDER_IMAGE": "recorder:1",
    "TRAINER_IMAGE": "trainer:1",
}


def test_the_environment_is_read_once() -> None:
    assert Settings.from_env(ENVIRONMENT) == Settings(
        identity="operator-x",
        namespace="perennial-system",
        lease="perennial-operator",
        namespaces=("team", "other"),
        images=Images(predictor="predictor:1", recorder="recorder:1", trainer="trainer:1"),
        health_port=8081,
    )


def test_no_namespace_means_everywhere() -> None:
    assert Settings.from_env({**ENVIRONMENT, "WATCH_NAMESPACES": ""}).namespaces == ()


def test_a_variable_that_is_absent_is_named() -> None:
    environment = {key: value for key, value in ENVIRONMENT.items() if key != "TRAINER_IMAGE"}

    with pytest.raises(KeyError, match="TRAINER_IMAGE"):
        Settings.from_env(environment)
