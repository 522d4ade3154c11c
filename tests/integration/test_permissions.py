"""Permissions that the user of kafka.secretRef lacks: named, and waited for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import Any

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # it does
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.runtime.kafka.trouble import Trouble
from perennial_contract.status import Problem
from perennial_predictor.adapters.events import EventsSource
from perennial_predictor.status import State
from perennial_recorder.adapters.kafka import KafkaSource
from tests.support.predictor.stream import Stream, each_once, until
from tests.support.security.kafka import User
from tests.support.servers import KAFKA_SASL, need, need_certificates

pytestmark = pytest.mark.integration


@pytest.fixture
def stream(request: pytest.FixtureRequest, kafka: str) -> Iterator[Stream]:
    """A stream whose predictor comes with a password."""
    need(request, "Kafka", KAFKA_SASL)
    user = User()
    user.set_password("right")
    stream = Stream(kafka)
    stream.change(kafka=Kafka(bootstrap_servers=KAFKA_SASL))
    stream.security = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": user.name,
        "sasl.password": "right",
        "ssl.ca.location": str(need_certificates(request) / "ca.crt"),
    }
    stream.make_all()
    yield stream
    stream.remove_all()
    user.remove()


@contextmanager
def only_described(stream: Stream, kind: ResourceType, name: str) -> Iterator[None]:
    """Everybody sees it, and another user alone may do more."""

    def rule(make: Callable[..., Any], who: str, operation: AclOperation) -> Any:
        literal, allow = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
        return make(kind, name, literal, f"User:{who}", "*", operation, allow)

    rules = (("another", AclOperation.ALL), ("*", AclOperation.DESCRIBE))
    for made in stream.admin.create_acls([rule(AclBinding, *r) for r in rules]).values():
        made.result()
    try:
        yield
    finally:
        gone = stream.admin.delete_acls([rule(AclBindingFilter, *r) for r in rules])
        for each in gone.values():
            each.result()


def refusal(state: State) -> str:
    def refused() -> str:
        problem = state.report().problem or Problem(reason="", message="")
        return problem.message if problem.reason == ProgramReason.KAFKA_REFUSED else ""

    told: str = until(refused)
    assert not state.report().ready
    return told


def test_a_group_that_may_not_be_joined_is_named(stream: Stream) -> None:
    group = f"{stream.settings.id_prefix}.predictor"
    with ExitStack() as locked:
        locked.enter_context(only_described(stream, ResourceType.GROUP, group))
        with stream.predictor() as state:
            assert f"group {group}" in refusal(state)
            locked.close()
            stream.send(range(10))
            until(lambda: state.report().ready and stream.answers() == each_once(10))


def test_a_topic_that_may_not_be_written_is_named_and_its_answers_are_sent_again(
    stream: Stream,
) -> None:
    with ExitStack() as locked:
        locked.enter_context(only_described(stream, ResourceType.TOPIC, stream.predictions))
        with stream.predictor() as state:
            stream.send(range(10))
            assert stream.predictions in refusal(state)
            assert sum(stream.committed().values()) == 0
            locked.close()
            until(lambda: state.report().ready and stream.answers() == each_once(10))


def test_a_topic_that_is_seen_and_may_not_be_read_is_named_each_time(stream: Stream) -> None:
    predictor = EventsSource(stream.settings, stream.security)
    recorder = KafkaSource(stream.settings.kafka, "test", stream.security)
    looks = (predictor.topics, lambda: recorder.topics([stream.events, stream.predictions]))
    with closing(recorder), ExitStack() as locked:
        locked.enter_context(only_described(stream, ResourceType.TOPIC, stream.events))
        for look in looks:
            first = until(partial(trouble, look))
            assert (first, trouble(look)) == (
                (
                    ProgramReason.KAFKA_REFUSED,
                    f"Kafka refuses us: we may not read topic {stream.events}",
                ),
            ) * 2
        locked.close()
        for look in looks:
            until(partial(allowed, look))


def allowed(look: Callable[[], object]) -> bool:
    return trouble(look) is None


def trouble(look: Callable[[], object]) -> tuple[str, str] | None:
    try:
        look()
    except Trouble as found:
        return found.reason, str(found)
    return None
