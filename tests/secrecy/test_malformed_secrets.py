"""Secrets in forms that cannot be used: refused by name before anything is asked with them."""

import json
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.kafka.security import kafka_security
from perennial_contract.runtime.mounts import Mounts
from perennial_contract.runtime.s3_client import connect
from perennial_contract.runtime.secrets import SecretRefused
from tests.support.secrecy.canaries import CANARY, Malformed, malformed
from tests.support.secrecy.programs import PROGRAMS, Outputs

USABLE: dict[str, dict[str, bytes]] = {
    "s3": {"AWS_ACCESS_KEY_ID": b"me", "AWS_SECRET_ACCESS_KEY": b"mine"},
    "kafka": {"security.protocol": b"SASL_SSL"},
}
FORMS = list(malformed())
ONE_OF_EACH = [
    next(bad for bad in FORMS if bad.key == key)
    for key in ("AWS_SESSION_TOKEN", "sasl.password", "tls.key")
]


@pytest.fixture
def outputs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Outputs:
    return Outputs(tmp_path, caplog, capfd)


@pytest.mark.parametrize("bad", FORMS, ids=str)
def test_a_value_that_cannot_be_used_is_named_by_its_key_and_not_shown(
    bad: Malformed, tmp_path: Path
) -> None:
    (tmp_path / bad.key).write_bytes(bad.value)
    named = SecretReference(name="keys")
    doors: dict[str, Callable[[Path], object]] = {
        "s3": partial(connect, Storage(bucket="bucket", secret_ref=named)),
        "kafka": lambda folder: kafka_security(
            Kafka(bootstrap_servers="kafka:9092", secret_ref=named), Mounts(kafka=folder)
        ),
    }

    with pytest.raises(SecretRefused) as refused:
        doors[bad.secret](tmp_path)

    field = {"s3": "storage.secretRef", "kafka": "kafka.secretRef"}[bad.secret]
    assert str(refused.value).startswith(f"{field} keys: the key {bad.key} ")
    assert CANARY not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("bad", ONE_OF_EACH, ids=str)
def test_a_program_ends_with_the_key_in_its_last_words_and_says_the_value_nowhere(
    program: str, bad: Malformed, outputs: Outputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = {secret: dict(keys) for secret, keys in USABLE.items()}
    content[bad.secret][bad.key] = bad.value
    outputs.hold(**content)

    code = PROGRAMS[program](outputs, monkeypatch)

    retried = program == "trainer" and bad.secret == "s3"  # its trigger is not consumed
    assert code == (75 if retried else 42)
    told = outputs.termination
    assert f"keys-of-{bad.secret}: the key {bad.key} " in told
    assert CANARY not in outputs.all()
    if program == "trainer":
        reason = "StorageRefused" if retried else "SettingsRefused"
        assert json.loads(told)["problem"]["reason"] == reason
