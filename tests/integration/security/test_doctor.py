"""Rights, buckets, Secrets and clusters that lack one thing, each found before the resource is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from tests.support.operator.control_plane import ADMIN, ControlPlane, eventually
from tests.support.operator.process import Operator
from tests.support.perennial.diagnosing import Told
from tests.support.perennial.doctoring import TOPICS, World, a_label, an_event, rows
from tests.support.perennial.running import a_secret
from tests.support.security.kafka import User, allowed, reserved
from tests.support.security.secrets import Content
from tests.support.servers import KAFKA_SASL, S3, S3_USER

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),  # as the kubeconfig says
]


@pytest.fixture
def world(kafka: str, tmp_path: Path) -> Iterator[World]:
    """Topics at a real broker, and the store in a folder."""
    world = World(tmp_path, kafka, f"doctor-{uuid4().hex[:8]}")
    world.make_topics()
    world.make_store()
    yield world
    for gone in world.admin.delete_topics([world.topic(each) for each in TOPICS]).values():
        gone.result()


@pytest.fixture
def secured(world: World, password: Content) -> World:
    """Its brokers ask for a password, which a Secret holds."""
    world.seen = KAFKA_SASL
    world.manifest["spec"]["kafka"] = {
        "bootstrapServers": KAFKA_SASL,
        "secretRef": {"name": "user"},
    }
    a_secret(world.folder, "user", **password)
    return world


def test_a_user_who_may_do_all_has_no_finding(secured: World) -> None:
    secured.send("events", *map(an_event, range(20)))
    secured.send("labels", *map(a_label, range(20)))
    assert secured.findings() == []


def test_topics_that_a_user_may_not_read_or_write_are_named(secured: World, user: User) -> None:
    with (
        allowed("TOPIC", secured.topic("events"), user.name, "DESCRIBE"),
        allowed("TOPIC", secured.topic("predictions"), user.name, "READ"),
        reserved(secured.topic("labels")),
    ):
        assert secured.findings() == [
            Told(
                "error",
                "spec.events.topic",
                f"Kafka's user may not read topic {secured.topic('events')}",
            ),
            Told(
                "error",
                "spec.labels.topic",
                f"Kafka's user may not describe topic {secured.topic('labels')}",
            ),
            Told(
                "error",
                "spec.predictions.topic",
                f"Kafka's user may not write topic {secured.topic('predictions')}",
            ),
            Told(
                "unseen",
                "spec.kafka",
                f"the settings of {secured.topic('events')}, {secured.topic('predictions')} could"
                " not be read: retention, compaction and sizes were not looked at",
            ),
        ]


def test_a_group_that_a_user_may_not_read_is_named(secured: World, user: User) -> None:
    group = f"default.{secured.name}.predictor"
    with allowed("GROUP", group, "another", "ALL"):
        assert secured.findings() == [
            Told("error", "spec.kafka.secretRef", f"Kafka's user may not describe group {group}")
        ]
    with allowed("GROUP", group, user.name, "DESCRIBE"):
        assert secured.findings() == [
            Told("error", "spec.kafka.secretRef", f"Kafka's user may not read group {group}")
        ]


def test_settings_that_a_user_may_not_read_are_unseen_and_no_finding(
    secured: World, user: User
) -> None:
    with allowed("TOPIC", secured.topic("events"), user.name, "READ"):
        assert [each[:2] for each in secured.findings()] == [("unseen", "spec.kafka")]


def test_a_wrong_password_is_told_without_it(secured: World) -> None:
    (secured.folder / "secrets/user/sasl.password").write_text("c4n4ry")
    ((severity, field, message),) = secured.findings()
    assert (severity, field) == ("error", "spec.kafka.bootstrapServers")
    assert message.startswith(f"Kafka at {KAFKA_SASL} cannot be used: ")
    assert "c4n4ry" not in message


@pytest.fixture
def stored(world: World, s3: str) -> Iterator[World]:
    """Its objects lie on a real S3 server, in buckets of its own."""
    bucket = world.name
    client = s3_client()
    for name in (bucket, f"{bucket}-data"):
        client.create_bucket(Bucket=name)
    client.put_object(Bucket=f"{bucket}-data", Key="train.csv", Body=rows())
    world.s3 = s3
    world.manifest["spec"]["storage"] = {
        "endpoint": s3,
        "bucket": bucket,
        "secretRef": {"name": "s3"},
    }
    world.manifest["spec"]["dataset"]["uri"] = f"s3://{bucket}-data/train.csv"
    a_secret(world.folder, "s3", AWS_ACCESS_KEY_ID=S3_USER, AWS_SECRET_ACCESS_KEY=S3_USER)
    yield world
    for name in (bucket, f"{bucket}-data"):
        for found in client.list_objects_v2(Bucket=name).get("Contents", ()):
            client.delete_object(Bucket=name, Key=found["Key"])
        client.delete_bucket(Bucket=name)


def s3_client(service: str = "s3") -> Any:
    return boto3.client(  # type: ignore[call-overload]  # of whichever service
        service,
        endpoint_url=S3,
        region_name="us-east-1",
        aws_access_key_id=S3_USER,
        aws_secret_access_key=S3_USER,
    )


def objects(world: World) -> list[str]:
    found = s3_client().list_objects_v2(Bucket=world.name)
    return [each["Key"] for each in found.get("Contents", ())]


def test_a_store_that_lets_us_work_is_in_order_and_left_as_it_was(stored: World) -> None:
    assert stored.findings() == []
    assert objects(stored) == []


def test_a_bucket_that_is_missing_is_told(stored: World) -> None:
    stored.manifest["spec"]["storage"]["bucket"] = "doctor-none"
    assert stored.findings() == [
        Told("error", "spec.storage.bucket", "bucket doctor-none does not exist")
    ]


def test_credentials_that_the_server_does_not_know_are_told(stored: World) -> None:
    (stored.folder / "secrets/s3/AWS_SECRET_ACCESS_KEY").write_text("c4n4ry")
    found = stored.findings()
    assert {each.field for each in found if each.severity == "error"} == {
        "spec.storage",
        "spec.dataset.uri",
    }
    assert "c4n4ry" not in str(found)


@pytest.mark.parametrize(
    ("actions", "refused"),
    [
        (("GetObject", "PutObject", "DeleteObject"), ["list"]),
        (("ListBucket", "GetObject", "DeleteObject"), ["write"]),
        (("ListBucket", "GetObject", "PutObject"), ["delete"]),
    ],
)
def test_a_right_that_credentials_do_not_give_is_named(
    stored: World, actions: tuple[str, ...], refused: list[str]
) -> None:
    limit(stored, *actions, "GetLifecycleConfiguration")
    prefix = f"{stored.name}/default/{stored.name}"
    found = [each for each in stored.findings() if each.field == "spec.storage"]
    assert [each.message for each in found] == [
        f"cannot {right} objects below {prefix}: S3 refuses the credentials for bucket"
        f" {stored.name}: AccessDenied"
        for right in refused
    ]


def test_an_object_that_could_not_be_deleted_is_used_again(stored: World) -> None:
    limit(stored, "ListBucket", "GetObject", "PutObject")
    for _ in range(3):
        assert "spec.storage" in {each.field for each in stored.findings()}
    (left,) = objects(stored)
    assert left.startswith(f"default/{stored.name}/doctor-")


def limit(world: World, *actions: str) -> None:
    """Gives the Secret credentials with these rights and no other."""
    rule = {"Effect": "Allow", "Action": [f"s3:{a}" for a in actions], "Resource": "arn:aws:s3:::*"}
    given = s3_client("sts").assume_role(
        RoleArn="arn:x:ignored:by:it:x",
        RoleSessionName="ignored",
        DurationSeconds=900,
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [rule]}),
    )["Credentials"]
    for key, name in (
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ):
        (world.folder / "secrets/s3" / key).write_text(given[name])


def test_a_rule_that_deletes_our_objects_is_told(stored: World) -> None:
    rule = {
        "ID": "clean",
        "Status": "Enabled",
        "Filter": {"Prefix": "default/"},
        "Expiration": {"Days": 30},
    }
    s3_client().put_bucket_lifecycle_configuration(
        Bucket=stored.name, LifecycleConfiguration={"Rules": [rule]}
    )
    assert stored.findings() == [
        Told(
            "warning",
            "spec.storage.bucket",
            f"lifecycle rule clean of bucket {stored.name} deletes objects below"
            f" default/{stored.name}/: observations and models would be missing",
        )
    ]


def test_a_secret_with_other_keys_is_told(stored: World) -> None:
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        (stored.folder / "secrets/s3" / key).rename(stored.folder / "secrets/s3" / key.lower())
    assert (
        Told(
            "error",
            "spec.storage.secretRef",
            "Secret s3 has no key AWS_ACCESS_KEY_ID and no AWS_SECRET_ACCESS_KEY: it has"
            " aws_access_key_id, aws_secret_access_key",
        )
        in stored.findings()
    )


@pytest.fixture
def deployed(
    stored: World, control_plane: ControlPlane, namespace: str, operators: Callable[..., Operator]
) -> World:
    """Meant for a real API server, where an operator works and the Secret stands."""
    operator = operators()
    eventually("the operator works", partial(is_working, operator))
    stored.kubeconfig = control_plane.kubeconfig(ADMIN)
    stored.manifest["metadata"]["namespace"] = namespace
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    literals = [f"--from-literal={key}={S3_USER}" for key in keys]
    control_plane.kubectl("-n", namespace, "create", "secret", "generic", "s3", *literals)
    return stored


def is_working(operator: Operator) -> bool:
    with suppress(OSError):
        return operator.ready()
    return False


def test_a_cluster_that_is_made_for_it_has_no_finding(deployed: World) -> None:
    assert deployed.findings() == []


def test_what_its_pods_would_not_find_in_the_namespace_is_told(
    deployed: World, control_plane: ControlPlane, namespace: str
) -> None:
    control_plane.kubectl(
        *("-n", namespace, "patch", "secret", "s3", "--type=json"),
        *("-p", '[{"op": "remove", "path": "/data/AWS_SECRET_ACCESS_KEY"}]'),
    )
    control_plane.kubectl("-n", namespace, "create", "quota", "q", "--hard=pods=2")
    template = {
        "serviceAccountName": "robot",
        "imagePullSecrets": [{"name": "pull"}],
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s3", "key": "a"}}}],
    }
    deployed.manifest["spec"]["trainer"] = {"template": template}
    assert deployed.findings() == [
        Told("error", "spec.trainer.template.imagePullSecrets[0]", "Secret pull does not exist"),
        Told(
            "error",
            "spec.trainer.template.env[0].valueFrom.secretKeyRef",
            "Secret s3 has no key a",
        ),
        Told(
            "error",
            "spec.storage.secretRef",
            "storage.secretRef s3: the key AWS_SECRET_ACCESS_KEY is missing beside"
            " AWS_ACCESS_KEY_ID",
        ),
        Told(
            "error",
            "spec.trainer.template.serviceAccountName",
            f"there is no ServiceAccount robot in namespace {namespace}",
        ),
        Told(
            "error",
            "metadata.namespace",
            "ResourceQuota q leaves 2 of pods (0 of 2 are used), and the pods ask for 4 at most",
        ),
        Told(
            "unseen",
            "spec.storage",
            "store and dataset were not looked at: their Secret is needed",
        ),
    ]


def test_what_the_api_server_alone_refuses_is_told(deployed: World) -> None:
    deployed.manifest["spec"]["storage"]["endpoint"] = "file:///somewhere"
    (found,) = [each for each in deployed.findings() if each.field == "kind"]
    assert found.message.startswith("the API server would refuse it: ")
    assert "spec.storage.endpoint cannot be a file or folder" in found.message


def test_a_namespace_without_an_operator_is_told(
    stored: World, control_plane: ControlPlane
) -> None:
    stored.kubeconfig = control_plane.kubeconfig(ADMIN)
    stored.manifest["metadata"]["namespace"] = "nowhere"
    lease = ("lease", "perennial-operator", "--ignore-not-found")
    control_plane.kubectl("-n", "perennial-system", "delete", *lease)
    found = stored.findings()
    assert Told("error", "metadata.namespace", "there is no namespace nowhere in the cluster") in (
        found
    )
    assert Told("error", "spec.storage.secretRef", "Secret s3 does not exist") in found
    assert Told("error", "kind", "no operator works in the cluster") in found
