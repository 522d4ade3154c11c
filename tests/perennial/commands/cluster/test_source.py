import base64
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka import KafkaError
from typer.testing import CliRunner, Result

from perennial.__main__ import app
from perennial.adapters.kafka import KafkaTrouble
from perennial.commands.cluster.source import Options, find
from perennial.pipeline import ManifestTrouble
from tests.support.perennial.api_server import ApiServer, serving
from tests.support.perennial.running import a_manifest

AWAY = "127.0.0.1:1"
LOGIN = {"sasl.username": b"me", "sasl.password": b"h1dden", "security.protocol": b"SASL_SSL"}


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with serving() as server:
        yield server


def named(**fields: Any) -> Options:
    default = dict.fromkeys(("name", "bootstrap", "context", "namespace"), "")
    return Options(**{**default, "folder": None, "secrets": None, **fields})


def a_file(folder: Path, **kafka: Any) -> str:
    file = folder / "mine.yaml"
    given = {"bootstrapServers": "kafka.default:9094", **kafka}
    file.write_text(yaml.safe_dump(a_manifest(kafka=given)))
    return str(file)


def put(folder: Path, content: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for key, value in content.items():
        (folder / key).write_bytes(value)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_a_file_names_a_pipeline_and_a_folder_its_secrets(tmp_path: Path) -> None:
    file = a_file(tmp_path, secretRef={"name": "login"})
    put(tmp_path / "secrets" / "login", LOGIN)

    topics, connection = find(named(name=file, secrets=tmp_path / "secrets"))

    assert (topics.name, topics.id_prefix) == ("income", "default.income")
    assert connection.bootstrap == "127.0.0.1:9094"  # the local cluster's, seen from here
    _, moved = find(named(name=file, secrets=tmp_path / "secrets", bootstrap="kafka.example:443"))
    assert moved.bootstrap == "kafka.example:443"


def test_a_secret_that_only_the_cluster_has_is_asked_for_or_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ApiServer
) -> None:
    file = a_file(tmp_path, secretRef={"name": "login"})
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(
        KafkaTrouble, match=r"Secret login: there is no kubeconfig .*; or --secrets"
    ):
        find(named(name=file))

    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path, namespace="team")))
    with pytest.raises(KafkaTrouble, match=r"no Secret login, which kafka\.secretRef names"):
        find(named(name=file))
    data = {key: base64.b64encode(value).decode() for key, value in LOGIN.items()}
    server.objects["/api/v1/namespaces/team/secrets/login"] = {"data": data}
    topics, _ = find(named(name=file))
    assert topics.id_prefix == "team.income"  # where kubectl would put it


def test_a_files_secrets_stand_in_the_namespace_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ApiServer
) -> None:
    manifest = yaml.safe_load(Path(a_file(tmp_path, secretRef={"name": "login"})).read_text())
    manifest["metadata"]["namespace"] = "prod"
    file = tmp_path / "prod.yaml"
    file.write_text(yaml.safe_dump(manifest))
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path, namespace="team")))
    data = {key: base64.b64encode(value).decode() for key, value in LOGIN.items()}
    server.objects["/api/v1/namespaces/prod/secrets/login"] = {"data": data}

    topics, _ = find(named(name=str(file)))

    assert topics.id_prefix == "prod.income"


def test_the_kubeconfig_gives_a_pipeline_and_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ApiServer
) -> None:
    manifest = a_manifest(kafka={"bootstrapServers": AWAY})
    manifest["metadata"]["namespace"] = "team"
    server.hold(manifest)
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path, namespace="team")))
    for name in ("", "income"):
        topics, connection = find(named(name=name))
        assert (topics.id_prefix, connection.bootstrap) == ("team.income", AWAY)


def test_a_runs_folder_gives_what_it_keeps(tmp_path: Path) -> None:
    manifest = a_manifest(kafka={"bootstrapServers": AWAY})
    meta = {**manifest["metadata"], "namespace": "default", "uid": "u", "resourceVersion": "1"}
    kept = json.dumps({**manifest, "metadata": meta}).encode()
    put(tmp_path / "objects", {"ModelPipeline.default.income.json": kept, "half.tmp": b"{"})

    topics, connection = find(named(folder=tmp_path))

    assert (topics.id_prefix, connection.bootstrap) == ("default.income", AWAY)
    away = KafkaError(KafkaError._TRANSPORT)  # noqa: SLF001
    assert str(connection.trouble(away)).endswith(f"; does the run in {tmp_path} go on?")
    assert find(named(folder=tmp_path, name="income"))[0] == topics
    assert (tmp_path / "objects" / "half.tmp").exists()  # the run's own, which may go on
    with pytest.raises(ManifestTrouble, match=r"name one of the ModelPipelines in .*: income$"):
        find(named(folder=tmp_path, name="loans"))
    with pytest.raises(ManifestTrouble, match=r"is no folder of a run$"):
        find(named(folder=tmp_path / "objects"))


def test_a_run_whose_own_kafka_has_ended_with_it_is_not_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as broker:
        address = "{}:{}".format(*broker.getsockname())
        manifest = a_manifest(kafka={"bootstrapServers": address})
        meta = {**manifest["metadata"], "namespace": "default", "uid": "u", "resourceVersion": "1"}
        kept = json.dumps({**manifest, "metadata": meta}).encode()
        put(tmp_path / "objects", {"ModelPipeline.default.income.json": kept})
        put(tmp_path / "kafka", {"address": address.encode()})
        assert find(named(folder=tmp_path))[1].bootstrap == address

    with pytest.raises(ManifestTrouble, match=f"^the run in {tmp_path} has ended, and its Kafka"):
        find(named(folder=tmp_path))
    (tmp_path / "kafka" / "address").write_text("127.0.0.1:2")  # the run was given another Kafka
    assert find(named(folder=tmp_path))[1].bootstrap == address


@pytest.mark.parametrize(
    "command", [("answers",), ("dead-letters",), ("dead-letters", "list")], ids=" ".join
)
def test_what_is_missing_is_one_line(command: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*command, tmp_path / "no.yaml")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"perennial: {tmp_path}/no.yaml: No such file or directory\n"

    done = run(*command, a_file(tmp_path), "--folder", tmp_path / "no")
    assert done.exit_code == 2
    assert "--folder" in done.stderr


def test_a_reason_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    done = run("dead-letters", "--reason", "NoJson", "mine.yaml")
    assert done.exit_code == 2
    assert "NotJson" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "yesterday"), "'yesterday' is neither a time such as"),
        (("--until", "2x"), "'2x' is neither a time such as"),
        (("--at", "1/"), "'1/' is not PARTITION"),
    ],
    ids=str,
)
def test_an_option_of_a_replay_that_cannot_be_read_is_named(
    options: tuple[str, str], said: str
) -> None:
    done = run("dead-letters", "replay", "mine.yaml", *options)
    assert done.exit_code == 2
    assert options[0] in done.stderr
    assert said in " ".join(done.stderr.replace("│", " ").split())
