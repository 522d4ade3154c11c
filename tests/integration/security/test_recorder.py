"""Recorder against servers that insist on passwords and certificates."""

from __future__ import annotations

import pytest

from perennial_contract.reasons import ProgramReason
from tests.fakes.mount import Mount
from tests.support.predictor.stream import until
from tests.support.security.kafka import User
from tests.support.security.recorder import Recording
from tests.support.security.secrets import (
    Content,
    s3_secret,
    without_certificate,
)
from tests.support.servers import KAFKA_TLS

pytestmark = pytest.mark.integration


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
