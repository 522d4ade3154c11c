"""Servers that insist on passwords and certificates, and what the programs say and do then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.streams import TopicSection
from perennial_contract.runtime.kafka.lifecycle import LifecycleTopic
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.runtime.objects import Put, StorageRefused
from perennial_contract.runtime.secrets import kafka_security
from tests.fakes.mount import Mount
from tests.support.predictor.stream import until
from tests.support.security import (
    Content,
    Recording,
    Topics,
    User,
    an_authority,
    certificate_secret,
    make_bucket,
    password_secret,
    reserved,
    s3_secret,
    store,
    until_answered,
    until_refused,
    without_certificate,
)
from tests.support.servers import KAFKA_SASL, KAFKA_TLS, S3_TLS, need, need_certificates

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def certificates(request: pytest.FixtureRequest) -> Path:
    for name, address in (("Kafka", KAFKA_SASL), ("Kafka", KAFKA_TLS), ("S3", S3_TLS)):
        need(request, name, address)
    return need_certificates(request)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The certificate of an authority that has signed nothing here."""
    return an_authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture
def user() -> Iterator[User]:
    user = User()
    user.set_password("right")
    yield user
    user.remove()


@pytest.fixture
def password(certificates: Path, user: User) -> Content:
    """What a Secret for the SASL_SSL listener holds."""
    return password_secret(user, "right", (certificates / "ca.crt").read_text())


@pytest.fixture
def certificate(certificates: Path) -> Content:
    """What a Secret for the SSL listener holds."""
    return certificate_secret(certificates)


@pytest.fixture
def mount(tmp_path: Path) -> Mount:
    return Mount(tmp_path / "kafka")


@pytest.fixture
def keys(certificates: Path, tmp_path: Path) -> Mount:
    """The Secret of storage.secretRef."""
    mount = Mount(tmp_path / "s3")
    mount.put(s3_secret((certificates / "ca.crt").read_text()))
    return mount


@pytest.fixture
def topics(mount: Mount) -> Iterator[Callable[[str], Topics]]:
    made: list[Topics] = []

    def make(address: str) -> Topics:
        made.append(Topics(address, mount))
        return made[-1]

    yield make
    for each in made:
        each.stream.remove_all()


def test_a_predictor_answers_where_a_password_is_asked_for(
    topics: Callable[[str], Topics], mount: Mount, password: Content
) -> None:
    mount.put(password)
    at = topics(KAFKA_SASL)
    with at.predictor() as state:
        until_answered(state, at)


def test_a_predictor_answers_where_a_certificate_is_asked_for(
    topics: Callable[[str], Topics], mount: Mount, certificate: Content
) -> None:
    mount.put(certificate)
    at = topics(KAFKA_TLS)
    with at.predictor() as state:
        until_answered(state, at)


def test_a_predictor_with_a_wrong_password_says_so_and_goes_on_when_it_is_right(
    topics: Callable[[str], Topics], mount: Mount, password: Content, user: User
) -> None:
    mount.put(password | {"sasl.password": "other"})
    at = topics(KAFKA_SASL)
    with at.predictor() as state:
        told = until_refused(state)
        assert "uthentication" in told
        assert "other" not in told
        user.set_password("other")
        until_answered(state, at)


def test_a_predictor_says_that_it_trusts_no_authority_of_the_brokers_and_goes_on_when_it_does(
    topics: Callable[[str], Topics], mount: Mount, password: Content, stranger: str
) -> None:
    mount.put(password | {"ca.crt": stranger})
    at = topics(KAFKA_SASL)
    with at.predictor() as state:
        assert "certificate" in until_refused(state)
        mount.put(password)  # its process would end, and begin with this
        until_answered(state, at)


def test_a_predictor_without_the_certificate_that_is_asked_for_says_so(
    topics: Callable[[str], Topics], mount: Mount, certificate: Content
) -> None:
    mount.put(without_certificate(certificate))
    with topics(KAFKA_TLS).predictor() as state:
        assert "certificate" in until_refused(state)


def test_a_predictor_names_the_topic_that_it_may_not_read_and_goes_on_when_it_may(
    topics: Callable[[str], Topics], mount: Mount, password: Content
) -> None:
    mount.put(password)
    at = topics(KAFKA_SASL)
    with ExitStack() as locked:
        locked.enter_context(reserved(at.stream.events))
        with at.predictor() as state:
            assert at.stream.events in until_refused(state)
            locked.close()
            until_answered(state, at)


@pytest.fixture
def recording(
    request: pytest.FixtureRequest, tmp_path: Path, mount: Mount, keys: Mount
) -> Iterator[Recording]:
    """At the listener that a test names, else where a password is asked for."""
    make_bucket(keys)
    recording = Recording(tmp_path, mount, keys, getattr(request, "param", KAFKA_SASL))
    yield recording
    recording.remove()


def test_a_recorder_records_by_password_into_a_store_that_speaks_tls(
    recording: Recording, mount: Mount, password: Content
) -> None:
    mount.put(password)
    recording.send(10)
    with recording.running():
        recording.until_written(10)
        assert recording.problem() is None


def test_a_recorder_with_a_wrong_password_says_so_and_loses_nothing(
    recording: Recording, mount: Mount, password: Content, user: User
) -> None:
    mount.put(password | {"sasl.password": "other"})
    recording.send(10)
    with recording.running():
        assert "uthentication" in recording.until_problem(ProgramReason.KAFKA_REFUSED)
        user.set_password("other")
        recording.until_written(10)


def test_a_recorder_says_that_it_trusts_no_authority_of_the_brokers(
    recording: Recording, mount: Mount, password: Content, stranger: str
) -> None:
    mount.put(password | {"ca.crt": stranger})
    recording.send(10)
    with recording.running() as process:
        assert "certificate" in recording.until_problem(ProgramReason.KAFKA_REFUSED)
        mount.put(password)
        until(lambda: not process.is_alive())
    with recording.running():
        recording.until_written(10)


@pytest.mark.parametrize("recording", [KAFKA_TLS], indirect=True)
def test_a_recorder_without_the_certificate_that_is_asked_for_says_so(
    recording: Recording, mount: Mount, certificate: Content
) -> None:
    mount.put(without_certificate(certificate))
    recording.send(10)
    with recording.running() as process:
        assert "certificate" in recording.until_problem(ProgramReason.KAFKA_REFUSED)
        mount.put(certificate)
        until(lambda: not process.is_alive())
    with recording.running():
        recording.until_written(10)


def test_a_recorder_says_that_it_trusts_no_authority_of_the_store(
    recording: Recording, mount: Mount, password: Content, keys: Mount, stranger: str
) -> None:
    mount.put(password)
    keys.put(s3_secret(stranger))
    recording.send(10)
    with recording.running() as process:
        assert "ca.crt" in recording.until_problem(ProgramReason.STORAGE_REFUSED)
        keys.put(s3_secret(password["ca.crt"]))
        until(lambda: not process.is_alive())
    with recording.running():
        recording.until_written(10)


def test_a_trainer_writes_its_lifecycle_by_password(
    recording: Recording, mount: Mount, password: Content, user: User
) -> None:
    mount.put(password)
    lifecycle = TopicSection(topic=recording.topic)
    topic = LifecycleTopic(
        Kafka(bootstrap_servers=KAFKA_SASL), lifecycle, kafka_security(mount.folder)
    )
    user.set_password("other")
    with pytest.raises(Trouble, match="uthentication") as refused:
        topic.write("key", b"{}")
    assert refused.value.reason == ProgramReason.KAFKA_REFUSED

    user.set_password("right")
    topic.write("key", b"{}")


def test_a_trainer_that_trusts_no_authority_of_the_brokers_says_so(
    recording: Recording, mount: Mount, password: Content, stranger: str
) -> None:
    mount.put(password | {"ca.crt": stranger})
    assert "certificate" in refusal_of(recording.topic, KAFKA_SASL, mount)


def test_a_trainer_without_the_certificate_that_is_asked_for_says_so(
    recording: Recording, mount: Mount, certificate: Content
) -> None:
    mount.put(without_certificate(certificate))
    assert "certificate" in refusal_of(recording.topic, KAFKA_TLS, mount)


def refusal_of(topic: str, address: str, mount: Mount) -> str:
    told = LifecycleTopic(
        Kafka(bootstrap_servers=address), TopicSection(topic=topic), kafka_security(mount.folder)
    )
    with pytest.raises(Trouble) as refused:
        told.write("key", b"{}")
    assert refused.value.reason == ProgramReason.KAFKA_REFUSED
    return str(refused.value)


def test_a_store_is_reached_by_tls_with_the_authority_in_the_secret(keys: Mount) -> None:
    make_bucket(keys)
    there = store(keys)
    assert there.put_new("object", b"content") is Put.WRITTEN
    assert there.get("object") == b"content"
    there.delete("object")


@pytest.mark.parametrize("authority", ["none", "stranger", "no certificate at all"])
def test_a_store_whose_certificate_cannot_be_checked_is_refused_with_what_to_put_where(
    authority: str, keys: Mount, stranger: str
) -> None:
    text = {"none": "", "stranger": stranger}.get(authority, authority)
    keys.put(s3_secret(text))
    asked = store(keys)
    began = time.monotonic()
    for ask in (lambda: asked.get("object"), lambda: asked.put_new("object", b"")):
        with pytest.raises(StorageRefused, match=r"certificate .*storage\.secretRef, as ca\.crt"):
            ask()
    assert time.monotonic() - began < 15.0  # asked once, not until the patience is over
