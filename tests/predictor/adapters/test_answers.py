"""What becomes of answers where the brokers let the producer write nothing."""

from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError

from perennial_contract.reasons import ProgramReason
from perennial_contract.resource.kafka import Kafka
from perennial_contract.runtime.kafka.trouble import ClientFailed
from perennial_contract.settings import PredictorSettings
from perennial_predictor.adapters.answers import AnswersSink
from perennial_predictor.ports import Failure, Topics
from perennial_predictor.scoring.records import Outgoing
from tests.fakes.brokers import INIT_PRODUCER_ID, Brokers, brokers
from tests.support.predictor.harness import event

ANSWERS = [Outgoing(event(0, offset), b"key", b"answer", []) for offset in range(20)]


@pytest.fixture
def at() -> Iterator[Brokers]:
    with brokers() as at:
        at.make("predictions")
        at.make("dead-letters")
        yield at


@pytest.fixture
def answers(
    request: pytest.FixtureRequest, settings: PredictorSettings, at: Brokers
) -> AnswersSink:
    """With the properties that a test names."""
    kafka = Kafka(bootstrap_servers=at.address, properties=getattr(request, "param", {}))
    answers = AnswersSink(settings.model_copy(update={"kafka": kafka}), {})
    answers.route(Topics("id", 1, 1, 1))
    return answers


def sent(answers: AnswersSink, *outgoing: Outgoing) -> list[Failure]:
    for out in outgoing:
        answers.send(out)
    return [*answers.flush()]


@pytest.mark.parametrize("count", [1, 20])
def test_a_producer_that_may_not_write_says_so_and_writes_when_it_may(
    at: Brokers, answers: AnswersSink, count: int
) -> None:
    refusals = 2
    for _ in range(refusals):
        at.refuse(INIT_PRODUCER_ID, KafkaError.CLUSTER_AUTHORIZATION_FAILED)
    for _ in range(refusals):
        failures = sent(answers, *ANSWERS[:count])
        assert {(f.refused, f.reason) for f in failures} == {(False, ProgramReason.KAFKA_REFUSED)}
        assert "Cluster authorization failed" in failures[0].message
        assert at.address not in failures[0].message, "it is another message by another broker"
    assert sent(answers, *ANSWERS[:count]) == []
    answers.close()


@pytest.fixture
def forbidden(at: Brokers) -> None:
    """What asks first may not write: named before `answers`, which asks once it is made."""
    at.refuse(INIT_PRODUCER_ID, KafkaError.CLUSTER_AUTHORIZATION_FAILED)


@pytest.mark.usefixtures("forbidden")
def test_what_is_sent_apart_is_sent_after_the_producer_was_replaced_as_well(
    answers: AnswersSink,
) -> None:
    assert [*answers.send_apart(ANSWERS)] == []
    assert len(sent(answers, *ANSWERS)) == 1
    assert [*answers.send_apart(ANSWERS)] == []
    answers.close()


@pytest.mark.parametrize("answers", [{"queue.buffering.max.kbytes": "100"}], indirect=True)
def test_what_no_queue_has_room_for_is_refused_and_holds_up_nothing(answers: AnswersSink) -> None:
    large = Outgoing(event(0, 7), b"key", b"x" * 200_000, [])
    failures = sent(answers, *ANSWERS, large, *ANSWERS)
    assert [(failure.out, failure.refused) for failure in failures] == [(large, True)]
    answers.close()


def test_what_no_other_producer_mends_ends_the_process(at: Brokers, answers: AnswersSink) -> None:
    at.refuse(INIT_PRODUCER_ID, KafkaError.INVALID_TRANSACTION_TIMEOUT)
    with pytest.raises(ClientFailed, match="idempotence"):
        sent(answers, *ANSWERS)
    answers.close()
