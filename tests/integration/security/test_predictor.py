"""Predictor against servers that insist on passwords and certificates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.fakes.mount import Mount
from tests.support.security.kafka import User, reserved
from tests.support.security.predictor import Topics, until_answered, until_refused
from tests.support.security.secrets import (
    Content,
    without_certificate,
)
from tests.support.servers import KAFKA_SASL, KAFKA_TLS

pytestmark = pytest.mark.integration


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
