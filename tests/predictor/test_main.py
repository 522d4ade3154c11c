"""The edge: what is refused at once, and what is said of it."""

import json
import logging
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.mounts import Mounts
from perennial_contract.settings import REFUSED, PredictorSettings
from perennial_predictor.__main__ import execute, main
from tests.fakes.bundle import a_bundle
from tests.fakes.mount import Mount, Renewed

LIMIT = 30.0  # seconds


@pytest.fixture
def mount(tmp_path: Path) -> Mount:
    return Mount(tmp_path / "kafka")


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Those of the tests stand again afterwards."""
    kept = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    yield
    for each, handler in kept.items():
        signal.signal(each, handler)


def refused(settings: PredictorSettings, mount: Mount, caplog: pytest.LogCaptureFixture) -> str:
    """Its last words; the process ends with 42 before it has asked anybody anything."""
    log = mount.folder.parent / "log"
    log.touch()
    mounts = Mounts(mount.folder.parent / "s3", mount.folder, log)
    with caplog.at_level(logging.INFO):
        assert execute(settings, a_bundle()[0].version, "pod-1", 0, mounts) == REFUSED
    (record,) = [r for r in caplog.records if r.levelno == logging.CRITICAL]
    assert vars(record)["reason"] == "SettingsRefused"
    assert log.read_text() == f"SettingsRefused: {vars(record)['detail']}"
    return log.read_text()


def test_settings_that_cannot_be_read_are_its_last_words_too(
    settings: PredictorSettings, tmp_path: Path
) -> None:
    mounts = Mounts(termination=tmp_path / "log", settings=tmp_path / "settings.json")
    mounts.settings.write_text(json.dumps({**json.loads(settings.to_json()), "color": "red"}))

    assert main(mounts) == REFUSED

    why = f"SettingsRefused: {mounts.settings}: color: Extra inputs are not permitted"
    assert mounts.termination.read_text() == why


def test_a_key_that_may_not_be_set_is_named_and_ends_the_process(
    settings: PredictorSettings, mount: Mount, caplog: pytest.LogCaptureFixture
) -> None:
    mount.put({"security.protocol": "SSL", "enable.auto.commit": "hunter2"})
    kafka = Kafka(bootstrap_servers="nowhere:9092", secret_ref=SecretReference(name="kafka-client"))
    why = refused(settings.model_copy(update={"kafka": kafka}), mount, caplog)
    assert (
        why
        == "SettingsRefused: kafka.secretRef kafka-client: the key enable.auto.commit cannot be set"
    )
    assert "hunter2" not in caplog.text


def test_a_secret_that_changes_while_it_is_first_read_ends_the_process_to_be_read_again(
    settings: PredictorSettings, mount: Mount, caplog: pytest.LogCaptureFixture
) -> None:
    mount.put({"sasl.password": "old"})
    mount.prepare({"sasl.password": "new"})
    credentials = Mount(mount.folder.parent / "s3")
    credentials.put({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})
    kafka = Kafka(bootstrap_servers="nowhere:9092", secret_ref=SecretReference(name="kafka-client"))
    storage = settings.storage.model_copy(update={"endpoint": "http://127.0.0.1:1"})
    given = settings.model_copy(update={"kafka": kafka, "storage": storage})
    log = mount.folder.parent / "log"
    mounts = Mounts(credentials.folder, Renewed(mount.folder), log)
    hours = iter(range(0, 100 * 3600, 3600))  # it ends the test where nothing is noticed
    with caplog.at_level(logging.INFO):
        clock = lambda: float(next(hours))  # noqa: E731
        assert execute(given, "v1-00000000", "pod-1", 0, mounts, clock=clock) == 0
    assert "a Secret has changed" in caplog.text


def test_a_process_that_starts_anew_waits_for_no_requests_as_one_that_is_told_to_end_does(
    settings: PredictorSettings, mount: Mount
) -> None:
    mount.put({"sasl.password": "old"})
    mount.prepare({"sasl.password": "new"})
    kafka = Kafka(bootstrap_servers="nowhere:9092", secret_ref=SecretReference(name="kafka-client"))
    storage = settings.storage.model_copy(update={"endpoint": "http://127.0.0.1:1"})
    given = settings.model_copy(update={"kafka": kafka, "storage": storage, "http": True})
    mounts = Mounts(mount.folder.parent / "s3", Renewed(mount.folder), mount.folder.parent / "log")
    hours = iter(range(0, 100 * 3600, 3600))
    clock = lambda: float(next(hours))  # noqa: E731
    began = time.monotonic()

    code = execute(
        given, "v1-00000000", "pod-1", 0, mounts, clock=clock, predict_port=0, linger=LIMIT
    )

    assert code == 0
    assert time.monotonic() - began < LIMIT
