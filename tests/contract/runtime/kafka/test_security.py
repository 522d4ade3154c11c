from pathlib import Path

import pytest

from perennial_contract.resource.kafka import Kafka
from perennial_contract.resource.kafka_properties import KAFKA_PROPERTIES
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.kafka.security import SECURITY_PROPERTIES, kafka_security
from perennial_contract.runtime.secrets import SecretRefused
from tests.fakes.mount import Mount

KAFKA = Kafka(bootstrap_servers="kafka:9093", secret_ref=SecretReference(name="keys"))
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n"
PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def mount(tmp_path: Path) -> Mount:
    return Mount(tmp_path / "kafka")


def test_keys_are_properties_and_certificates_are_files(mount: Mount) -> None:
    mount.hold(
        security_protocol="SASL_SSL\n",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="perennial",
        sasl_password=" secret with blanks \n",
        ca_crt=CERTIFICATE,
        tls_crt=CERTIFICATE,
        tls_key=PRIVATE_KEY,
    )
    assert kafka_security(KAFKA, mount.folder) == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "perennial",
        "sasl.password": "secret with blanks",
        "ssl.ca.location": str(mount.folder / "ca.crt"),
        "ssl.certificate.location": str(mount.folder / "tls.crt"),
        "ssl.key.location": str(mount.folder / "tls.key"),
    }


def test_where_nothing_is_mounted_nothing_is_set(tmp_path: Path) -> None:
    assert kafka_security(KAFKA, tmp_path / "absent") == {}


@pytest.mark.parametrize(
    "key", ["group_id", "enable_auto_commit", "plugin_library_paths", "ssl_engine_location", "x"]
)
def test_a_key_that_may_not_be_set_is_named(mount: Mount, key: str) -> None:
    mount.hold(sasl_username="u", **{key: "value"})
    named = key.replace("_", ".")
    with pytest.raises(SecretRefused, match=f"kafka.secretRef keys: the key {named} cannot be set"):
        kafka_security(KAFKA, mount.folder)


def test_a_text_that_is_none_is_named_and_not_shown(mount: Mount) -> None:
    mount.hold(sasl_password=b"\xff\xfe")
    with pytest.raises(
        SecretRefused, match=r"^kafka\.secretRef keys: the key sasl\.password is no UTF"
    ):
        kafka_security(KAFKA, mount.folder)


def test_a_secret_sets_what_secures_and_the_resource_what_tunes() -> None:
    assert not SECURITY_PROPERTIES & KAFKA_PROPERTIES
