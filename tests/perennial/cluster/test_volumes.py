from typing import Any

import pytest

from perennial.cluster.environment import variables_of
from perennial.cluster.volumes import mounts_of
from perennial.ports import Mounted, NotStarted, SecretKey
from perennial_operator.api.attempts import Attempt
from perennial_operator.manifests.job import job
from tests.support.operator.builders import IMAGES, a_pipeline, an_attempt

Json = dict[str, Any]
SECRETS = {"s3-client": {"id": b"me", "key": b"secret"}, "extra": {"a": b"1"}}
MAPS = {"settings": {"settings.json": "{}", "more": "x"}}


def a_pod(volumes: Json, env: list[Json] | None = None) -> Json:
    mounts = [{"name": name, "mountPath": f"/mnt/{name}"} for name in volumes]
    container = {"name": "it", "volumeMounts": mounts, "env": env or []}
    sources = [{"name": name, **source} for name, source in volumes.items()]
    metadata = {"name": "it-0", "annotations": {"perennial.dev/model": "v1"}}
    return {"metadata": metadata, "spec": {"containers": [container], "volumes": sources}}


def mounts(**volumes: Json) -> list[Mounted]:
    return mounts_of(a_pod(volumes), MAPS.get, SECRETS.get)


def variables(*env: Json) -> dict[str, str]:
    return variables_of(a_pod({}, list(env)), MAPS.get, SECRETS.get)


def test_a_container_sees_empty_folders_secrets_and_files() -> None:
    both = [{"secret": {"name": "extra"}}, {"configMap": {"name": "settings"}}]
    found = mounts(
        tmp={"emptyDir": {}},
        s3={"secret": {"secretName": "s3-client"}},
        one={"secret": {"secretName": "s3-client", "items": [{"key": "id", "path": "a/b"}]}},
        settings={"configMap": {"name": "settings"}},
        both={"projected": {"sources": both}},
    )

    assert found == [
        Mounted("/mnt/tmp"),
        Mounted("/mnt/s3", secret="s3-client"),
        Mounted("/mnt/one", files={"a/b": SecretKey("s3-client", "id")}),
        Mounted("/mnt/settings", files={"settings.json": "{}", "more": "x"}),
        Mounted(
            "/mnt/both", files={"a": SecretKey("extra", "a"), "settings.json": "{}", "more": "x"}
        ),
    ]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ({"secret": {"secretName": "none"}}, 'secret "none" not found'),
        ({"configMap": {"name": "none"}}, 'configmap "none" not found'),
        (
            {"configMap": {"name": "settings", "items": [{"key": "b", "path": "b"}]}},
            "references non-existent configmap key: b",
        ),
    ],
)
def test_what_is_missing_is_named_as_the_kubelet_names_it(source: Json, why: str) -> None:
    with pytest.raises(NotStarted) as refused:
        mounts(it=source)
    assert str(refused.value) == f'MountVolume.SetUp failed for volume "it" : {why}'


def test_what_may_be_absent_is_an_empty_folder() -> None:
    optional = {"secret": {"name": "none", "optional": True}}
    assert mounts(it={"projected": {"sources": [optional]}}) == [Mounted("/mnt/it")]
    assert mounts(it={"secret": {"secretName": "none", "optional": True}}) == [
        Mounted("/mnt/it", secret="none")
    ]


def test_variables_come_from_the_pod_from_secrets_and_from_earlier_ones() -> None:
    model = {"fieldPath": "metadata.annotations['perennial.dev/model']"}
    found = variables(
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "MODEL", "valueFrom": {"fieldRef": model}},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s3-client", "key": "key"}}},
        {"name": "MAP", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "more"}}},
        {"name": "URL", "value": "http://$(POD)/$$(POD)/$(LATER)/$(MAP)"},
        {
            "name": "ABSENT",
            "valueFrom": {"secretKeyRef": {"name": "none", "key": "a", "optional": True}},
        },
    )

    assert found == {
        "POD": "it-0",
        "MODEL": "v1",
        "KEY": "secret",
        "MAP": "x",
        "URL": "http://it-0/$(POD)/$(LATER)/x",
    }


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ({"name": "none", "key": "a"}, 'secret "none" not found'),
        ({"name": "extra", "key": "b"}, "couldn't find key b in secret extra"),
    ],
)
def test_a_variable_whose_source_is_missing_keeps_the_container_from_its_start(
    reference: Json, why: str
) -> None:
    with pytest.raises(NotStarted, match=why):
        variables({"name": "A", "valueFrom": {"secretKeyRef": reference}})


def test_a_trainer_is_told_whole_cpus_that_it_asks_for() -> None:
    pipeline = a_pipeline()
    attempt: Attempt = an_attempt(pipeline)
    made = job(pipeline, IMAGES.trainer, attempt)["spec"]["template"]
    pod = {**made, "metadata": {**made["metadata"], "name": "it-train-1"}}

    assert variables_of(pod, MAPS.get, SECRETS.get) == {
        "PERENNIAL_POD": "it-train-1",
        "PERENNIAL_CPU": "1",
    }
