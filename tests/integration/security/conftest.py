"""Secrets, right and wrong, for servers that insist on passwords and certificates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.mount import Mount
from tests.support.security.kafka import User
from tests.support.security.recorder import Recording
from tests.support.security.secrets import (
    Content,
    an_authority,
    certificate_secret,
    password_secret,
    s3_secret,
)
from tests.support.security.storage import make_bucket
from tests.support.servers import KAFKA_SASL, KAFKA_TLS, S3_TLS, need, need_certificates


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
def recording(
    request: pytest.FixtureRequest, tmp_path: Path, mount: Mount, keys: Mount
) -> Iterator[Recording]:
    """At the listener that a test names, else where a password is asked for."""
    make_bucket(keys)
    recording = Recording(tmp_path, mount, keys, getattr(request, "param", KAFKA_SASL))
    yield recording
    recording.remove()
