"""The process around the loop, as far as it goes without any server."""

import json
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from perennial_contract.runtime.mounts import Mounts
from perennial_contract.runtime.secrets import SecretRefused
from perennial_contract.settings import REFUSED, RecorderSettings
from perennial_recorder import __main__ as program
from tests.fakes.mount import Mount

SAID: dict[str, Any] = {
    "uid": "uid",
    "namespace": "default",
    "name": "income",
    "created": datetime(2026, 5, 1, tzinfo=UTC).isoformat(),
    "storage": {"bucket": "bucket", "secretRef": {"name": "s3"}},
    "kafka": {"bootstrapServers": "127.0.0.1:1", "secretRef": {"name": "keys"}},
    "events": {"topic": "events"},
}


def run(folder: Path, kafka: Path, **changed: Any) -> None:
    program.run(
        RecorderSettings.model_validate({**SAID, **changed}),
        Event(),
        waiting=folder / "waiting.db",
        mounts=Mounts(folder / "s3", kafka),
        port=0,
    )


def test_settings_that_cannot_be_read_are_told_with_their_field(tmp_path: Path) -> None:
    mounts = Mounts(termination=tmp_path / "termination-log", settings=tmp_path / "settings.json")
    mounts.settings.write_text(json.dumps({**SAID, "color": "red"}))

    assert program.main(mounts) == REFUSED

    why = f"SettingsRefused: {mounts.settings}: color: Extra inputs are not permitted"
    assert mounts.termination.read_text() == why


def test_a_key_that_may_not_be_set_is_told(tmp_path: Path) -> None:
    mount = Mount(tmp_path / "kafka")
    mount.hold(group_id="another")
    with pytest.raises(
        SecretRefused, match=r"kafka\.secretRef keys: the key group\.id cannot be set"
    ):
        run(tmp_path, mount.folder)


def test_what_the_kafka_client_does_not_take_is_told(tmp_path: Path) -> None:
    mount = Mount(tmp_path / "kafka")
    mount.hold(security_protocol="TLS")
    with pytest.raises(SecretRefused, match=r"security\.protocol"):
        run(tmp_path, mount.folder)


def test_an_endpoint_that_is_no_address_is_told(tmp_path: Path) -> None:
    storage = {**SAID["storage"], "endpoint": "http://a b:9000"}
    with pytest.raises(SecretRefused, match=r"storage\.endpoint http://a b:9000"):
        run(tmp_path, tmp_path / "kafka", storage=storage)
