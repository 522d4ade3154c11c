"""Pipelines that lack one thing, each found before the resource exists."""

import base64
import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka import Consumer
from typer.testing import CliRunner

from perennial.__main__ import app
from perennial.adapters.broker import Broker
from perennial_contract.objects.owner import Owner
from tests.support.perennial.api_server import serving
from tests.support.perennial.diagnosing import Told
from tests.support.perennial.doctoring import World, a_label, an_event, rows
from tests.support.perennial.running import a_secret

pytestmark = pytest.mark.embedded
HOUR = 3_600_000


@pytest.fixture
def world(broker: Broker, tmp_path: Path) -> World:
    return World(tmp_path, broker.address)


@pytest.fixture
def whole(world: World) -> World:
    """With nothing missing."""
    world.make_topics()
    world.make_store()
    return world


def test_what_was_not_looked_at_is_not_said_to_be_there(world: World) -> None:
    world.make_topics()
    world.make_store()
    world.manifest["spec"]["kafka"]["secretRef"] = {"name": "user"}
    world.kubeconfig = world.folder / "none"
    done = world.doctor()
    assert done.exit_code == 0
    assert "unseen: spec.kafka: Kafka was not looked at" in done.stdout
    assert done.stdout.endswith("default/income: nothing is missing of what was looked at\n")


def test_a_file_without_a_namespace_is_for_that_of_the_context(world: World) -> None:
    world.make_topics()
    world.make_store()
    world.manifest["spec"]["kafka"]["secretRef"] = {"name": "user"}
    plain = base64.b64encode(b"PLAINTEXT").decode()
    with serving() as server:
        server.objects["/api/v1/namespaces/team/secrets/user"] = {
            "data": {"security.protocol": plain}
        }
        world.kubeconfig = server.kubeconfig(world.folder, namespace="team")
        found = world.findings()
    assert [each.field for each in found if each.field.startswith("spec.")] == []
    assert "there is no namespace team in the cluster" in [each.message for each in found]


def test_what_others_call_themselves_does_nothing_to_a_terminal(whole: World) -> None:
    settings = {
        "bootstrap.servers": whole.bootstrap,
        "group.id": "default.income.predictor",
        "client.id": "\x1b[31mred",
    }
    with closing(Consumer(settings)) as member:
        member.subscribe([whole.topic("events")])
        while not member.assignment():
            member.poll(0.1)
        said = whole.doctor().stdout
    assert "has a member of \\x1b[31mred: each event goes" in said
    assert "\x1b" not in said


def test_a_section_that_is_null_is_one_that_is_left_out(whole: World) -> None:
    whole.manifest["spec"] |= {"lifecycle": None, "tracking": None}
    whole.manifest["spec"]["storage"]["secretRef"] = None
    assert whole.findings() == []


def test_a_pipeline_with_nothing_wrong_has_no_finding(whole: World) -> None:
    whole.send("events", *map(an_event, range(100)))
    whole.send("labels", *map(a_label, range(100)))
    done = whole.doctor()
    assert (done.exit_code, done.stderr) == (0, "")
    file = whole.folder / "pipeline.yaml"
    assert done.stdout == f"{file}: default/income: nothing is missing\n"
    left = {path.name for path in (whole.folder / "store").rglob("*") if path.is_file()}
    assert left == {"train.csv"}  # the object that was tried is gone


@pytest.mark.parametrize(
    ("suffix", "field"),
    [
        ("events", "spec.events.topic"),
        ("labels", "spec.labels.topic"),
        ("predictions", "spec.predictions.topic"),
        ("dead-letters", "spec.deadLetters.topic"),
    ],
)
def test_a_topic_that_is_missing_is_named_with_what_makes_it(
    world: World, suffix: str, field: str
) -> None:
    world.make_topics(suffix)
    world.make_store()
    assert world.findings() == [("error", field, f"topic income-{suffix} does not exist")]
    assert f"kafka-topics.sh --create --topic income-{suffix}" in world.doctor().stdout


def test_a_finding_stands_in_the_line_of_its_field(world: World) -> None:
    world.make_topics("labels")
    world.make_store()
    done = world.doctor("--output", "json")
    (found,) = json.loads(done.stdout)["findings"]
    lines = (world.folder / "pipeline.yaml").read_text().splitlines()
    assert lines[found["line"] - 1][found["column"] - 1 :] == "topic: income-labels"


def test_partitions_that_are_too_few_are_told(world: World) -> None:
    world.make_topics("predictions", "events", partitions=1)
    world.make_topics("labels", "dead-letters", "predictions", partitions=3)
    world.make_topics("labels", "dead-letters", "events", partitions=2)
    world.make_store()
    world.manifest["spec"]["predictor"] = {"replicas": 4}
    assert world.findings() == [
        Told(
            "warning",
            "spec.predictor.replicas",
            "1 of 4 pods would stand by: topic income-events has 3 partitions",
        ),
        Told(
            "warning",
            "spec.predictions.topic",
            "topic income-predictions has 2 partitions, that of events 3: answers go by their key,"
            " and those without one keep no order",
        ),
    ]


CONFIGURED: dict[str, tuple[dict[str, Any], Told]] = {
    "retention": (
        {"labels": {"retention.ms": "600000"}},
        Told(
            "warning",
            "spec.labels.maxDelay",
            "topic income-labels keeps a record for 10m, and a label may come 1h after its event: a"
            " restart would find it gone",
        ),
    ),
    "compaction": (
        {"events": {"cleanup.policy": "compact"}},
        Told(
            "warning",
            "spec.events.topic",
            "topic income-events is compacted: of two records with one key the first may go before"
            " it is joined",
        ),
    ),
    "answers without a key": (
        {"predictions": {"cleanup.policy": "compact"}},
        Told(
            "warning",
            "spec.predictions.topic",
            "topic income-predictions is compacted and takes no record without a key",
        ),
    ),
    "size": (
        {"dead_letters": {"max.message.bytes": "1000"}},
        Told(
            "warning",
            "spec.deadLetters.topic",
            "topic income-dead-letters takes records up to 1,000 bytes, and events may have"
            " 1,048,588: what is larger is kept cut",
        ),
    ),
    "replicas": (
        {"predictions": {"min.insync.replicas": "2"}},
        Told(
            "error",
            "spec.predictions.topic",
            "topic income-predictions takes no record: it has 1 replica, and min.insync.replicas"
            " is 2",
        ),
    ),
}


@pytest.mark.parametrize("case", CONFIGURED)
def test_a_topic_that_is_not_made_for_what_it_holds_is_told(world: World, case: str) -> None:
    config, told = CONFIGURED[case]
    world.make_topics(**config)
    world.make_store()
    assert world.findings() == [told]


def test_a_group_that_another_pipeline_reads_by_is_told(whole: World) -> None:
    settings = {
        "bootstrap.servers": whole.bootstrap,
        "group.id": "mine.predictor",
        "client.id": "perennial.theirs.default.income",
    }
    with closing(Consumer(settings)) as member:
        member.subscribe([whole.topic("events")])
        while not member.assignment():
            member.poll(0.1)
        whole.manifest["spec"]["kafka"]["idPrefix"] = "mine"
        whole.manifest["metadata"]["name"] = "ours"
        found = whole.findings()
    assert found == [
        Told(
            "error",
            "spec.kafka.idPrefix",
            "group mine.predictor has a member of default/income in cluster theirs: each event"
            " goes to one of them alone",
        )
    ]


def test_records_of_a_clock_that_is_ahead_are_told(whole: World) -> None:
    ahead = int(time.time() * 1000) + 3 * HOUR + 60_000
    whole.send("labels", a_label(1), timestamp=ahead)
    ((severity, field, message),) = whole.findings()
    assert (severity, field) == ("error", "spec.labels.topic")
    assert message.startswith("the newest record of topic income-labels is 3h ahead")
    assert message.endswith("the clocks of those who write it are wrong, or this machine's")


def test_records_with_timestamps_in_seconds_are_told(whole: World) -> None:
    whole.send("events", an_event(1), timestamp=int(time.time()))
    ((severity, field, message),) = whole.findings()
    assert (severity, field) == ("error", "spec.events.topic")
    assert message.startswith("the newest records of topic income-events have timestamps of 1970")


def _no_id(world: World) -> None:
    world.manifest["spec"]["events"]["id"] = {"path": "request_id"}
    world.manifest["spec"]["labels"]["id"] = {"path": "id"}


def _no_record(world: World) -> None:
    world.manifest["spec"]["events"]["record"] = "features"


def _no_feature(world: World) -> None:
    world.put_dataset(rows(region="north"))


def _no_time(world: World) -> None:
    world.manifest["spec"]["events"]["time"] = {"path": "at"}


def _another_value(world: World) -> None:
    world.manifest["spec"]["labels"]["value"] = "group"


def _another_class(world: World) -> None:
    world.manifest["spec"]["schema"]["label"] = {"positive": "rich", "negative": "poor"}
    world.put_dataset(rows().replace(b"<=50K", b"poor").replace(b">50K", b"rich"))


READ: list[tuple[Callable[[World], None], Told]] = [
    (
        _no_id,
        Told(
            "error",
            "spec.events.id",
            "10 of the newest 10 records of topic income-events would be dead letters: there is no"
            " id, a text or a number, at request_id",
        ),
    ),
    (
        _no_record,
        Told(
            "error",
            "spec.events.record",
            "10 of the newest 10 records of topic income-events would be dead letters: there is no"
            " object at features",
        ),
    ),
    (
        _no_feature,
        Told(
            "warning",
            "spec.schema",
            "none of the newest 10 records of topic income-events has anything at region, a"
            " feature: it would always be missing",
        ),
    ),
    (
        _no_time,
        Told(
            "warning",
            "spec.events.time",
            "none of the newest 10 records of topic income-events has a time there",
        ),
    ),
    (
        _another_value,
        Told(
            "error",
            "spec.labels.value",
            "10 of the newest 10 records of topic income-labels cannot be used as labels: there is"
            " no value at group",
        ),
    ),
    (
        _another_class,
        Told(
            "error",
            "spec.schema.label",
            "10 of the newest 10 records of topic income-labels have a label such as '>50K', which"
            " is neither 'rich' nor 'poor'",
        ),
    ),
]


@pytest.mark.parametrize(("spoil", "told"), READ)
def test_a_field_that_the_newest_messages_do_not_follow_is_told(
    whole: World, spoil: Callable[[World], None], told: Told
) -> None:
    whole.send("events", *map(an_event, range(10)))
    whole.send("labels", *map(a_label, range(10)))
    spoil(whole)
    (found,) = whole.findings()
    message, _, _ = found.message.partition(" in income-labels/")  # where the last one stands
    assert found._replace(message=message) == told


def _no_bucket(world: World) -> None:
    (world.folder / "store/perennial").rmdir()


def _taken(world: World) -> None:
    owner = Owner(cluster="c", namespace="team", name="other", uid="u")
    place = world.folder / "store/perennial/default/income"
    place.mkdir(parents=True)
    (place / "owner.json").write_bytes(owner.to_json())


def _no_dataset(world: World) -> None:
    (world.folder / "store/data/train.csv").unlink()


def _no_column(world: World) -> None:
    features = [{"name": "age", "type": "Number"}, {"name": "region", "type": "Category"}]
    world.manifest["spec"]["schema"]["features"] = features


def _no_label_column(world: World) -> None:
    world.manifest["spec"]["dataset"]["label"] = "salary"


def _label_values(world: World) -> None:
    world.put_dataset(rows().replace(b"<=50K", b"little"))


def _few_rows(world: World) -> None:
    world.put_dataset(rows(100))


def _names_rows(world: World) -> None:
    lines = rows().decode().splitlines()
    whole = [f"{line},{'street' if not n else f's{n}'}" for n, line in enumerate(lines)]
    world.put_dataset("\n".join(whole).encode())


STORED: list[tuple[Callable[[World], None], Told]] = [
    (
        _no_bucket,
        Told("error", "spec.storage.bucket", "folder {folder}/store/perennial does not exist"),
    ),
    (
        _taken,
        Told(
            "error",
            "spec.storage.prefix",
            "owner.json below perennial/default/income belongs to team/other of cluster c, not to"
            " default/income of cluster c",
        ),
    ),
    (
        _no_dataset,
        Told("error", "spec.dataset.uri", "dataset s3://data/train.csv does not exist"),
    ),
    (
        _no_column,
        Told(
            "error",
            "spec.schema.features[1].name",
            "s3://data/train.csv has no column 'region'",
        ),
    ),
    (
        _no_label_column,
        Told("error", "spec.dataset.label", "s3://data/train.csv has no column 'salary'"),
    ),
    (
        _label_values,
        Told(
            "error",
            "spec.schema.label",
            "row 1: column 'income' holds 'little', which is neither '>50K' nor '<=50K'",
        ),
    ),
    (
        _few_rows,
        Told(
            "warning",
            "spec.promotion.minJudged",
            "100 rows (66 of >50K, 34 of <=50K) are too few for a first model: half of them may"
            " judge, at least 300 must, with 20 of each class there and in the others",
        ),
    ),
    (
        _names_rows,
        Told(
            "error",
            "spec.schema",
            "column street holds 1000 different texts in 1000 rows, such as 's1': declare it as a"
            " Category, or exclude it",
        ),
    ),
]


@pytest.mark.parametrize(("spoil", "told"), STORED)
def test_what_the_store_does_not_hold_as_it_should_is_told(
    whole: World, spoil: Callable[[World], None], told: Told
) -> None:
    spoil(whole)
    message = told.message.replace("{folder}", str(whole.folder))
    assert whole.findings() == [told._replace(message=message)]


def test_a_secret_that_is_missing_is_told_and_what_needs_it_is_not_looked_at(whole: World) -> None:
    whole.manifest["spec"]["kafka"]["secretRef"] = {"name": "kafka-user"}
    assert whole.findings() == [
        Told("error", "spec.kafka.secretRef", "Secret kafka-user does not exist"),
        Told("unseen", "spec.kafka", "Kafka was not looked at: its Secret is needed"),
    ]


def test_a_key_that_no_client_takes_is_told_without_its_value(whole: World) -> None:
    a_secret(whole.folder, "kafka-user", **{"sasl.usrname": "c4n4ry"})
    whole.manifest["spec"]["kafka"]["secretRef"] = {"name": "kafka-user"}
    assert whole.findings() == [
        Told(
            "error",
            "spec.kafka.secretRef",
            "kafka.secretRef kafka-user: the key sasl.usrname cannot be set",
        ),
        Told("unseen", "spec.kafka", "Kafka was not looked at: its Secret is needed"),
    ]


def test_brokers_that_are_away_are_one_finding_and_the_rest_is_looked_at(
    broker: Broker, whole: World
) -> None:
    broker.__exit__(None, None, None)
    _no_dataset(whole)
    found = whole.findings()
    assert [each[:2] for each in found] == [
        ("error", "spec.kafka.bootstrapServers"),
        ("error", "spec.dataset.uri"),
    ]
    assert found[0].message.startswith(f"Kafka does not answer at {whole.bootstrap} (")


def test_a_store_that_is_away_is_told(whole: World) -> None:
    whole.s3 = "http://127.0.0.1:9"
    whole.manifest["spec"]["storage"]["secretRef"] = {"name": "s3"}
    a_secret(whole.folder, "s3", AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b")
    found = whole.findings()
    assert {each[:2] for each in found} == {
        ("error", "spec.storage.endpoint"),
        ("error", "spec.dataset.uri"),
    }


def test_a_file_that_would_be_refused_is_looked_at_no_further(whole: World) -> None:
    whole.manifest["spec"]["retrain"] = {"threshold": 1}
    done = whole.doctor()
    assert done.exit_code == 1
    assert done.stdout.count("\n") == 1
    assert ": error: spec.retrain.threshold: " in done.stdout


def test_without_a_cluster_the_rest_is_looked_at_and_it_is_said(whole: World) -> None:
    whole.kubeconfig = whole.folder / "none"
    ((severity, field, message),) = whole.findings()
    assert (severity, field) == ("unseen", "kind")
    assert message.startswith("no cluster was looked at: there is no kubeconfig at ")


def test_an_api_server_that_is_away_is_a_finding(whole: World) -> None:
    whole.kubeconfig = whole.folder / "kubeconfig"
    away = {"name": "it", "cluster": {"server": "https://127.0.0.1:9"}}
    context = {"name": "it", "context": {"cluster": "it", "user": "it"}}
    config = {"clusters": [away], "contexts": [context], "current-context": "it", "users": []}
    whole.kubeconfig.write_text(yaml.safe_dump(config))
    ((severity, field, message),) = whole.findings()
    assert (severity, field) == ("error", "metadata.namespace")
    assert message.startswith("cannot reach the API server https://127.0.0.1:9")


def test_each_pipeline_of_a_file_is_looked_at(whole: World) -> None:
    other = {**whole.manifest, "metadata": {"name": "other"}}
    other["spec"] = {**other["spec"], "dataset": {"uri": "s3://data/none.csv", "label": "income"}}
    file = whole.folder / "both.yaml"
    file.write_text(yaml.safe_dump_all([whole.manifest, other]))
    ways = ["--bootstrap", whole.bootstrap, "--s3", whole.s3, "--folder", str(whole.folder)]
    done = CliRunner().invoke(app, ["doctor", str(file), *ways, "-o", "json"], obj={})
    found = json.loads(done.stdout)["findings"]
    assert [(each["pipeline"], each["field"]) for each in found] == [
        ("default/other", "spec.dataset.uri")
    ]
