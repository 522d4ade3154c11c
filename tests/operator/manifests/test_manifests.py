from pathlib import Path
from typing import Any

import pytest
import yaml

from perennial_contract.settings import PredictorSettings, RecorderSettings, TrainerSettings
from perennial_operator.api.attempts import Attempt
from perennial_operator.api.pipeline import Pipeline
from perennial_operator.api.programs import Resources
from perennial_operator.api.status import Status
from perennial_operator.manifests.deployment import deployment, deployment_settings, template_digest
from perennial_operator.manifests.job import job, job_digest, job_settings
from perennial_operator.manifests.pod import resources
from perennial_operator.manifests.settings import trainer_settings
from perennial_operator.manifests.statefulset import statefulset, statefulset_settings
from tests.support.operator.additions import ADDITIONS
from tests.support.operator.builders import NOW, V1, V2, a_pipeline, a_spec, an_attempt

Json = dict[str, Any]
DATA = Path(__file__).parent / "data"


def a_pipeline_with_additions() -> Pipeline:
    return a_pipeline(
        predictor={"replicas": 2},
        recorder={"resources": {"limits": {"memory": "1Gi"}}},
        trainer={"deadline": "30m"},
        kafka={"bootstrapServers": "kafka:9093", "secretRef": {"name": "kafka-client"}},
        lifecycle={"topic": "lifecycle"},
        tracking={"uri": "http://mlflow:5000"},
    )


def templates(pipeline: Pipeline) -> dict[str, Json]:
    return {kind: made["spec"]["template"] for kind, made in all_three(pipeline).items()}


def beside_it(kind: str) -> Json:
    """What stands in the pod template where nothing is wished for."""
    return templates(a_pipeline())[kind]


def seventh(pipeline: Pipeline) -> Attempt:
    return an_attempt(pipeline, 7, watermark={"topic": {"0": 10}}, champion=V1, started_at=NOW)


def all_three(pipeline: Pipeline) -> dict[str, Json]:
    return {
        "deployment": deployment(pipeline, "predictor:1", V1),
        "statefulset": statefulset(pipeline, "recorder:1"),
        "job": job(pipeline, "trainer:1", seventh(pipeline)),
    }


def settings_of_all_three(pipeline: Pipeline) -> dict[str, Json]:
    return {
        "deployment": deployment_settings(pipeline),
        "statefulset": statefulset_settings(pipeline),
        "job": job_settings(pipeline, seventh(pipeline)),
    }


@pytest.mark.parametrize("kind", ["deployment", "statefulset", "job"])
def test_a_manifest_is_what_its_file_says(kind: str) -> None:
    expected = yaml.safe_load((DATA / f"{kind}.yaml").read_text())

    assert all_three(a_pipeline_with_additions())[kind] == expected


@pytest.mark.parametrize("kind", ["deployment", "statefulset", "job"])
def test_every_pod_is_what_restricted_pod_security_accepts(kind: str) -> None:
    pod = all_three(a_pipeline())[kind]["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert "cpu" in container["resources"]["requests"]


def test_the_programs_can_read_what_they_are_told() -> None:
    made = settings_of_all_three(a_pipeline())
    told = {kind: each["data"]["settings.json"] for kind, each in made.items()}

    assert PredictorSettings.model_validate_json(told["deployment"]).prefix == "team/income"
    assert RecorderSettings.model_validate_json(told["statefulset"]).label == {
        ">50K": ">50K",
        "<=50K": "<=50K",
    }
    assert TrainerSettings.model_validate_json(told["job"]).number == 7


def test_only_what_talks_to_kafka_reads_its_secret() -> None:
    secured = {"bootstrapServers": "kafka:9093", "secretRef": {"name": "kafka-client"}}

    made = all_three(a_pipeline(kafka=secured))

    volumes = {
        kind: [volume["name"] for volume in manifest["spec"]["template"]["spec"]["volumes"]]
        for kind, manifest in made.items()
    }
    assert volumes == {
        "deployment": ["tmp", "settings", "s3", "kafka"],
        "statefulset": ["tmp", "settings", "s3", "kafka", "data"],
        "job": ["tmp", "settings", "s3"],
    }


def test_an_authority_is_mounted_beside_the_secret_and_an_identity_needs_none() -> None:
    kafka = {
        "bootstrapServers": "my-cluster-kafka-bootstrap:9093",
        "secretRef": {"name": "my-user"},
        "caSecretRef": {"name": "my-cluster-cluster-ca-cert"},
    }
    made = all_three(a_pipeline(kafka=kafka, storage={"bucket": "perennial"}))
    pod = made["deployment"]["spec"]["template"]["spec"]

    assert pod["volumes"][2:] == [
        {"name": "kafka", "secret": {"secretName": "my-user"}},
        {"name": "kafka-ca", "secret": {"secretName": "my-cluster-cluster-ca-cert"}},
    ]
    assert pod["containers"][0]["volumeMounts"][2:] == [
        {"name": "kafka", "mountPath": "/etc/perennial/kafka", "readOnly": True},
        {"name": "kafka-ca", "mountPath": "/etc/perennial/kafka-ca", "readOnly": True},
    ]
    volumes = [v["name"] for v in made["job"]["spec"]["template"]["spec"]["volumes"]]
    assert volumes == ["tmp", "settings"]


def test_a_trainer_keeps_what_the_status_and_its_attempt_name() -> None:
    pipeline = a_pipeline(Status(head=V2))
    attempt = an_attempt(pipeline, 3, champion=V2, previous=V1)

    assert trainer_settings(pipeline, attempt).keep == [V1, V2]


def test_how_many_models_are_kept_is_no_reason_to_restart_anything_on_the_stream() -> None:
    twenty = a_pipeline()
    storage = {**a_spec()["storage"], "retention": {"versions": 5}}
    five = a_pipeline(storage=storage)

    assert all_three(five)["deployment"] == all_three(twenty)["deployment"]
    assert all_three(five)["statefulset"] == all_three(twenty)["statefulset"]


@pytest.mark.parametrize(
    ("kind", "program"),
    [("deployment", "predictor"), ("statefulset", "recorder"), ("job", "trainer")],
)
def test_what_the_user_adds_stands_beside_what_is_ours(kind: str, program: str) -> None:
    plain = beside_it(kind)
    (container,) = plain["spec"]["containers"]
    spread = {
        **ADDITIONS["topologySpreadConstraints"][0],
        "labelSelector": {
            "matchLabels": {"perennial.dev/pipeline": "income", "perennial.dev/component": program}
        },
    }
    volumes = [
        {
            "name": volume["name"],
            **{k: v for k, v in volume.items() if k in {"configMap", "projected"}},
        }
        for volume in ADDITIONS["volumes"]
    ]
    mounts = [
        {"name": "ca", "mountPath": "/etc/company", "readOnly": True},
        {"name": "both", "mountPath": "/etc/both", "readOnly": True},
    ]
    elsewhere = {"labels", "annotations", "env", "volumes", "topologySpreadConstraints"}
    passed = {key: value for key, value in ADDITIONS.items() if key not in elsewhere}

    sections: Json = {program: {"template": ADDITIONS}}

    made = templates(a_pipeline(**sections))[kind]

    ours = {k: v for k, v in made["metadata"].get("annotations", {}).items() if "perennial" in k}
    assert made == {
        "metadata": {
            "labels": {**plain["metadata"]["labels"], "team": "growth"},
            "annotations": {**ours, "prometheus.io/scrape": "true"},
        },
        "spec": {
            **plain["spec"],
            **passed,
            "topologySpreadConstraints": [spread],
            "volumes": [*plain["spec"]["volumes"], *volumes],
            "containers": [
                {
                    **container,
                    "env": [*container["env"], *ADDITIONS["env"]],
                    "volumeMounts": [*container["volumeMounts"], *mounts],
                }
            ],
        },
    }


def test_a_spread_that_says_whom_it_counts_is_handed_on() -> None:
    counted = {"matchLabels": {"team": "growth"}}
    spread = {**ADDITIONS["topologySpreadConstraints"][0], "labelSelector": counted}

    pipeline = a_pipeline(predictor={"template": {"topologySpreadConstraints": [spread]}})

    pod = templates(pipeline)["deployment"]["spec"]
    assert pod["topologySpreadConstraints"] == [spread]


def test_an_addition_is_another_template_and_another_job() -> None:
    added = {"template": {"labels": {"team": "growth"}}}
    pipeline, other = a_pipeline(), a_pipeline(predictor=added, trainer=added)

    assert template_digest(pipeline, "image") != template_digest(other, "image")
    assert job_digest(pipeline, "image") != job_digest(other, "image")


def test_the_version_and_the_users_annotations_stand_together() -> None:
    added = {"template": {"annotations": {"team": "growth"}}}

    made = templates(a_pipeline(predictor=added))["deployment"]

    assert made["metadata"]["annotations"].keys() == {
        "team",
        "perennial.dev/model",
        "perennial.dev/template",
    }


def test_another_version_changes_nothing_in_the_template_but_the_annotation() -> None:
    pipeline = a_pipeline()
    one, two = (deployment(pipeline, "predictor:1", version) for version in (V1, V2))

    for made in (one, two):
        del made["spec"]["template"]["metadata"]["annotations"]["perennial.dev/model"]
    assert one == two
    assert template_digest(pipeline, "predictor:1") != template_digest(pipeline, "predictor:2")


def test_what_the_user_sets_on_either_side_drops_the_default() -> None:
    defaults = {"cpu": "500m", "memory": "512Mi"}, {"cpu": "1"}

    assert resources(Resources(), *defaults) == {
        "requests": {"cpu": "500m", "memory": "512Mi"},
        "limits": {"cpu": "1"},
    }
    assert resources(Resources(requests={"cpu": "2"}), *defaults) == {
        "requests": {"memory": "512Mi", "cpu": "2"}
    }
    assert resources(Resources(limits={"cpu": "200m"}), *defaults) == {
        "requests": {"memory": "512Mi"},
        "limits": {"cpu": "200m"},
    }


def test_names_fit_where_kubernetes_is_strictest() -> None:
    pipeline = a_pipeline().model_copy(update={"name": "x" * 40})

    for manifest in all_three(pipeline).values():
        assert len(manifest["metadata"]["name"]) <= 52
