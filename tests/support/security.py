"""What the tests of passwords and certificates need: users, rules, and programs that are told."""

from __future__ import annotations

import json
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final
from uuid import uuid4

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it does
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from confluent_kafka.cimpl import NewTopic

from perennial_contract.reasons import Reason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.streams import Events, Labels, Reference
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.s3 import Store, connect
from perennial_contract.runtime.secrets import kafka_security
from perennial_contract.settings import RecorderSettings
from perennial_contract.status import Problem, RecorderReport
from perennial_predictor.status import State
from perennial_recorder import __main__ as recorder
from perennial_recorder.loop import Pace
from tests.fakes.mount import Mount
from tests.support.predictor.stream import Stream, until
from tests.support.servers import KAFKA, KAFKA_SASL, S3_TLS, S3_USER

BUCKET: Final = "security-test"
Content = dict[str, str]


STORAGE: Final = Storage(endpoint=S3_TLS, bucket=BUCKET, secret_ref=SecretReference(name="s3"))


def s3_secret(authority: str = "") -> Content:
    keys = {"AWS_ACCESS_KEY_ID": S3_USER, "AWS_SECRET_ACCESS_KEY": S3_USER}
    return keys | ({"ca.crt": authority} if authority else {})


def store(keys: Mount) -> Store:
    return Store(connect(STORAGE, keys.folder), BUCKET, f"prefix-{uuid4().hex[:8]}")


def make_bucket(keys: Mount) -> None:
    client = connect(STORAGE, keys.folder)
    with suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=BUCKET)


class User:
    """One of the broker's users."""

    def __init__(self) -> None:
        self.name = f"user-{uuid4().hex[:8]}"
        self._admin = AdminClient({"bootstrap.servers": KAFKA})

    def set_password(self, password: str) -> None:
        hashed = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        self._alter(UserScramCredentialUpsertion(self.name, hashed, password.encode()))

    def remove(self) -> None:
        """One who is not there is gone as well."""
        try:
            self._alter(UserScramCredentialDeletion(self.name, ScramMechanism.SCRAM_SHA_512))
        except KafkaException as error:
            if error.args[0].code() != KafkaError.RESOURCE_NOT_FOUND:
                raise

    def _alter(self, alteration: Any) -> None:
        for done in self._admin.alter_user_scram_credentials([alteration]).values():
            done.result()


def password_secret(user: User, password: str, authority: str) -> Content:
    return {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": user.name,
        "sasl.password": password,
        "ca.crt": authority,
    }


def certificate_secret(folder: Path) -> Content:
    """As cert-manager makes it, with the protocol."""
    return {
        "security.protocol": "SSL",
        "ca.crt": (folder / "ca.crt").read_text(),
        "tls.crt": (folder / "client.crt").read_text(),
        "tls.key": (folder / "client.key").read_text(),
    }


def without_certificate(content: Content) -> Content:
    return {key: value for key, value in content.items() if not key.startswith("tls.")}


def an_authority(folder: Path) -> str:
    """A new one's certificate: it has signed nothing."""
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    files = ["-nodes", "-keyout", str(folder / "key"), "-out", str(folder / "crt")]
    subprocess.run([*made, *files, "-subj", "/CN=stranger"], check=True, capture_output=True)
    return (folder / "crt").read_text()


@contextmanager
def reserved(topic: str) -> Iterator[None]:
    """A topic that another user alone may use."""
    broker = AdminClient({"bootstrap.servers": KAFKA})
    for made in broker.create_acls([_rule(AclBinding, topic)]).values():
        made.result()
    try:
        yield
    finally:
        for gone in broker.delete_acls([_rule(AclBindingFilter, topic)]).values():
            gone.result()


def _rule(kind: Callable[..., Any], topic: str) -> Any:
    return kind(
        ResourceType.TOPIC,
        topic,
        ResourcePatternType.LITERAL,
        "User:another",
        "*",
        AclOperation.ALL,
        AclPermissionType.ALLOW,
    )


class Topics:
    """A predictor's topics, seen by its pods at a listener that is not the plain one."""

    def __init__(self, address: str, mount: Mount) -> None:
        self.stream = Stream(KAFKA)
        self.stream.make_all()
        at = Kafka(bootstrap_servers=address)
        self.stream.settings = self.stream.settings.model_copy(update={"kafka": at})
        self._mount = mount

    @contextmanager
    def predictor(self) -> Iterator[State]:
        self.stream.security = kafka_security(self._mount.folder)
        with self.stream.predictor() as state:
            yield state

    def answers(self, count: int) -> bool:
        return len(self.stream.answered()) == count


def problem(state: State) -> Problem | None:
    return state.report().problem


def until_refused(state: State) -> str:
    """The words with which Kafka's refusal is told."""

    def refused() -> str:
        found = problem(state)
        return found.message if found and found.reason == Reason.KAFKA_REFUSED else ""

    told: str = until(refused)
    assert not state.report().ready
    return told


def until_answered(state: State, topics: Topics) -> None:
    topics.stream.send(range(20))
    until(lambda: state.report().ready and topics.answers(20))
    until(lambda: problem(state) is None)


class Recording:
    """A recorder in a thread, reading one topic with the label inside the event."""

    def __init__(self, folder: Path, kafka: Mount, s3: Mount, address: str = KAFKA_SASL) -> None:
        name = f"recorder-security-{uuid4().hex[:8]}"
        self.topic = f"{name}-events"
        self._folder, self._kafka, self._s3 = folder, kafka, s3
        self._broker = AdminClient({"bootstrap.servers": KAFKA})
        for made in self._broker.create_topics([NewTopic(self.topic, 1, 1)]).values():
            made.result()
        self.settings = RecorderSettings(
            uid=name,
            namespace="test",
            name=name,
            created=datetime.now(UTC),
            storage=STORAGE,
            kafka=Kafka(bootstrap_servers=address),
            events=Events(topic=self.topic, id=Reference(path="id")),
            labels=Labels(path="label"),
            label={"yes": "yes", "no": "no"},
            flush_interval=timedelta(0),
        )

    def remove(self) -> None:
        for gone in self._broker.delete_topics([self.topic]).values():
            gone.result()

    def send(self, count: int) -> None:
        producer = Producer({"bootstrap.servers": KAFKA})
        for number in range(count):
            producer.produce(self.topic, json.dumps({"id": number, "label": "yes"}).encode())
        assert producer.flush(30) == 0

    @contextmanager
    def running(self) -> Iterator[Thread]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        stop = Event()
        begin = partial(
            recorder.run,
            self.settings,
            stop,
            pod="pod",
            waiting=self._folder / "waiting.db",
            secret=self._s3.folder,
            kafka_secret=self._kafka.folder,
            port=self._port,
            pace=Pace(checkpoint=1.0, topics=1.0),
            delay=0.0,
        )
        thread = Thread(target=begin, daemon=True)
        thread.start()
        try:
            yield thread
        finally:
            stop.set()
            thread.join(30)
            assert not thread.is_alive()

    def report(self) -> RecorderReport | None:
        with (
            suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self._port}/status") as s,
        ):
            return RecorderReport.model_validate_json(s.read())
        return None

    def problem(self) -> Problem | None:
        report = self.report()
        return report.problem if report else None

    def until_problem(self, reason: Reason) -> str:
        def look() -> str:
            found = self.problem()
            return found.message if found and found.reason == reason else ""

        told: str = until(look)
        return told

    def until_written(self, count: int) -> None:
        def written() -> int:
            report = self.report()
            return sum(n for t in report.written.values() for n in t.values()) if report else 0

        until(lambda: written() == count)
