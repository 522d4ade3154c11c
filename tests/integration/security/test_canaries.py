"""Passwords, right and wrong ones, in nothing that programs say or write."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from pathlib import Path

import pytest

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.kafka.security import kafka_security
from perennial_contract.runtime.logs import JsonFormatter
from perennial_contract.runtime.mounts import Mounts
from perennial_contract.runtime.s3_client import connect
from perennial_contract.runtime.secrets import SecretRefused
from perennial_recorder.adapters.kafka import KafkaSource
from tests.fakes.mount import Mount
from tests.support.secrecy.canaries import CANARY
from tests.support.security.kafka import User
from tests.support.security.predictor import Topics, problem, until_answered, until_refused
from tests.support.security.recorder import Recording
from tests.support.security.secrets import Content, s3_secret
from tests.support.security.storage import BUCKET, STORAGE
from tests.support.servers import KAFKA_SASL, S3
from tests.support.trainer.process import bucket

pytestmark = pytest.mark.integration
WRONG_KEYS = [
    {"AWS_SECRET_ACCESS_KEY": CANARY},
    {"AWS_SESSION_TOKEN": CANARY},
    {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": CANARY, "AWS_SESSION_TOKEN": CANARY},
]


def logged(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(map(JsonFormatter().format, caplog.records))


def page(recording: Recording, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{recording.port}{path}") as answer:
        return str(answer.read().decode())


def test_a_right_password_stands_in_no_observation_report_metric_or_line(  # noqa: PLR0913, PLR0917  fixtures
    recording: Recording,
    mount: Mount,
    keys: Mount,
    password: Content,
    user: User,
    caplog: pytest.LogCaptureFixture,
) -> None:
    user.set_password(CANARY)
    mount.put(password | {"sasl.password": CANARY})
    recording.send(10)
    with recording.running():
        recording.until_written(10)
        said = page(recording, "/status") + page(recording, "/metrics")
    client = connect(STORAGE, keys.folder)
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix=recording.settings.prefix)
    objects = [client.get_object(Bucket=BUCKET, Key=o["Key"]) for o in listed["Contents"]]
    written = b"".join(found["Body"].read() for found in objects)
    assert written
    assert CANARY not in said + logged(caplog) + written.decode(errors="replace")


def test_a_right_password_stands_in_no_answer(
    mount: Mount, password: Content, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    user.set_password(CANARY)
    mount.put(password | {"sasl.password": CANARY})
    at = Topics(KAFKA_SASL, mount)
    try:
        with at.predictor() as state:
            until_answered(state, at)
            said = state.report().model_dump_json()
        answers = at.stream.answered()
    finally:
        at.stream.remove_all()
    assert CANARY not in said + logged(caplog)
    assert not [
        m for m in answers if CANARY.encode() in repr(m.headers()).encode() + (m.value() or b"")
    ]


def test_a_wrong_password_for_kafka_is_told_by_nobody(
    recording: Recording, mount: Mount, password: Content, caplog: pytest.LogCaptureFixture
) -> None:
    mount.put(password | {"sasl.password": CANARY})
    with recording.running():
        recording.until_problem(ProgramReason.KAFKA_REFUSED)
        said = page(recording, "/status") + page(recording, "/metrics")
    at = Topics(KAFKA_SASL, mount)
    try:
        with at.predictor() as state:
            said += until_refused(state) + str(problem(state))
    finally:
        at.stream.remove_all()
    assert CANARY not in said + logged(caplog)


@pytest.mark.parametrize("wrong", WRONG_KEYS, ids=str)
def test_a_wrong_key_for_s3_is_told_by_nobody(  # noqa: PLR0913, PLR0917  fixtures
    recording: Recording,
    mount: Mount,
    keys: Mount,
    password: Content,
    certificates: Path,
    wrong: Content,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mount.put(password)
    keys.put(s3_secret((certificates / "ca.crt").read_text()) | wrong)
    with recording.running():
        recording.until_problem(ProgramReason.STORAGE_REFUSED)
        said = page(recording, "/status") + page(recording, "/metrics")
    (tmp_path / "trainer").mkdir()
    with bucket(S3, tmp_path / "trainer") as there:
        for key, value in wrong.items():
            (there.folder / "s3" / key).write_text(value)
        there.run(there.settings(), tmp_path / "termination-log")
        told = (tmp_path / "termination-log").read_text()
        said += told + json.dumps(there.logged)
    assert json.loads(told)["problem"]["reason"] == "StorageRefused"
    assert CANARY not in said + logged(caplog)


def test_a_wrong_password_of_a_key_is_told_by_the_secret_that_holds_it(
    mount: Mount, certificate: Content, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "plain").write_text(certificate["tls.key"])
    files = ["-in", str(tmp_path / "plain"), "-out", str(tmp_path / "locked")]
    lock = ["openssl", "pkey", "-aes256", "-passout", "pass:right", *files]
    subprocess.run(lock, check=True, capture_output=True)
    locked = certificate | {"tls.key": (tmp_path / "locked").read_text()}
    kafka = Kafka(bootstrap_servers="kafka:9093", secret_ref=SecretReference(name="keys"))

    mount.put(locked | {"ssl.key.password": CANARY})
    security = kafka_security(kafka, Mounts(kafka=mount.folder))
    with pytest.raises(SecretRefused, match=r"kafka\.secretRef keys .* ssl\.key") as refused:
        KafkaSource(kafka, "test", security)
    assert CANARY not in str(refused.value) + logged(caplog)

    mount.put(locked | {"ssl.key.password": "right\n"})
    KafkaSource(kafka, "test", kafka_security(kafka, Mounts(kafka=mount.folder))).close()
