from pathlib import Path

import pytest

from perennial_contract.resource.kafka import Kafka, SecurityProtocol
from perennial_contract.resource.kafka_properties import KAFKA_PROPERTIES
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.kafka.security import SECURITY_PROPERTIES, kafka_security
from perennial_contract.runtime.mounts import Mounts
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
    assert kafka_security(KAFKA, Mounts(kafka=mount.folder)) == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "perennial",
        "sasl.password": "secret with blanks",
        "ssl.ca.location": str(mount.folder / "ca.crt"),
        "ssl.certificate.location": str(mount.folder / "tls.crt"),
        "ssl.key.location": str(mount.folder / "tls.key"),
    }


def test_where_nothing_is_mounted_nothing_is_set(tmp_path: Path) -> None:
    assert kafka_security(KAFKA, Mounts(kafka=tmp_path / "absent")) == {}


@pytest.mark.parametrize(
    "key", ["group_id", "enable_auto_commit", "plugin_library_paths", "ssl_engine_location", "x"]
)
def test_a_key_that_may_not_be_set_is_named(mount: Mount, key: str) -> None:
    mount.hold(sasl_username="u", **{key: "value"})
    named = key.replace("_", ".")
    with pytest.raises(SecretRefused, match=f"kafka.secretRef keys: the key {named} cannot be set"):
        kafka_security(KAFKA, Mounts(kafka=mount.folder))


def test_a_text_that_is_none_is_named_and_not_shown(mount: Mount) -> None:
    mount.hold(sasl_password=b"\xff\xfe")
    with pytest.raises(
        SecretRefused, match=r"^kafka\.secretRef keys: the key sasl\.password is no UTF"
    ):
        kafka_security(KAFKA, Mounts(kafka=mount.folder))


def test_a_secret_sets_what_secures_and_the_resource_what_tunes() -> None:
    assert not SECURITY_PROPERTIES & KAFKA_PROPERTIES


def cluster_ca(tmp_path: Path) -> Mount:
    """As Strimzi makes it, while its key is replaced."""
    mount = Mount(tmp_path / "kafka-ca")
    other = CERTIFICATE.replace("YWJj", "ZGVm")
    mount.put(
        {
            "ca.crt": CERTIFICATE,
            "ca-2026-01-01T00-00-00Z.crt": other,
            "ca.p12": b"\xff",
            "ca.password": "x",
        }
    )
    return mount


STRIMZI = Kafka(
    bootstrap_servers="my-cluster-kafka-bootstrap:9093",
    secret_ref=SecretReference(name="my-user"),
    ca_secret_ref=SecretReference(name="my-cluster-cluster-ca-cert"),
)
JAAS = (
    "org.apache.kafka.common.security.scram.ScramLoginModule required"
    ' username="my-user" password="h1dden";'
)
BOTH = CERTIFICATE.replace("YWJj", "ZGVm") + CERTIFICATE.strip()


def test_the_secret_of_a_kafka_user_with_a_password_is_taken_as_strimzi_makes_it(
    mount: Mount, tmp_path: Path
) -> None:
    mount.put({"password": "h1dden", "sasl.jaas.config": JAAS})

    assert kafka_security(
        STRIMZI, Mounts(kafka=mount.folder, kafka_ca=cluster_ca(tmp_path).folder)
    ) == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "my-user",
        "sasl.password": "h1dden",
        "ssl.ca.pem": BOTH,
    }


def test_the_secret_of_a_kafka_user_with_a_certificate_is_taken_as_strimzi_makes_it(
    mount: Mount, tmp_path: Path
) -> None:
    """Its ca.crt is the authority of users: brokers are not checked with it."""
    mount.put(
        {
            "ca.crt": CERTIFICATE,
            "user.crt": CERTIFICATE,
            "user.key": PRIVATE_KEY,
            "user.p12": b"\xff",
            "user.password": "h1dden",
        }
    )
    certificate = {
        "security.protocol": "SSL",
        "ssl.certificate.location": str(mount.folder / "user.crt"),
        "ssl.key.location": str(mount.folder / "user.key"),
    }

    alone = STRIMZI.model_copy(update={"ca_secret_ref": None})
    assert kafka_security(alone, Mounts(kafka=mount.folder)) == certificate
    with_ca = Mounts(kafka=mount.folder, kafka_ca=cluster_ca(tmp_path).folder)
    assert kafka_security(STRIMZI, with_ca) == certificate | {"ssl.ca.pem": BOTH}


def test_a_secret_of_cert_manager_is_taken_as_it_makes_it(mount: Mount) -> None:
    mount.put({"ca.crt": "", "tls.crt": CERTIFICATE, "tls.key": PRIVATE_KEY})

    assert kafka_security(KAFKA, Mounts(kafka=mount.folder)) == {
        "security.protocol": "SSL",
        "ssl.certificate.location": str(mount.folder / "tls.crt"),
        "ssl.key.location": str(mount.folder / "tls.key"),
    }


def test_a_token_endpoint_is_enough_to_log_in_by_oidc(mount: Mount) -> None:
    given = {
        "sasl.oauthbearer.client.id": "perennial",
        "sasl.oauthbearer.client.secret": "h1dden",
        "sasl.oauthbearer.token.endpoint.url": "https://idp/token",
        "sasl.oauthbearer.scope": "kafka",
    }
    mount.put(given)

    assert kafka_security(KAFKA, Mounts(kafka=mount.folder)) == given | {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
    }


def test_a_password_in_the_token_endpoint_is_refused_since_the_client_logs_it(
    mount: Mount,
) -> None:
    mount.put({"sasl.oauthbearer.token.endpoint.url": "https://me:h1dden@idp/token"})
    with pytest.raises(SecretRefused, match="keys of their own") as refused:
        kafka_security(KAFKA, Mounts(kafka=mount.folder))
    assert "h1dden" not in str(refused.value)


def test_the_resource_says_how_brokers_are_spoken_to_where_the_secret_does_not(
    mount: Mount,
) -> None:
    mount.put({"password": "h1dden", "sasl.jaas.config": JAAS})
    plain = KAFKA.model_copy(update={"security_protocol": SecurityProtocol.SASL_PLAINTEXT})

    found = kafka_security(plain, Mounts(kafka=mount.folder))

    assert found["security.protocol"] == "SASL_PLAINTEXT"


def test_a_secret_that_says_otherwise_than_the_resource_is_refused(mount: Mount) -> None:
    mount.hold(security_protocol="SASL_SSL")
    plain = KAFKA.model_copy(update={"security_protocol": SecurityProtocol.SASL_PLAINTEXT})
    with pytest.raises(SecretRefused, match=r"keys: the key security\.protocol is another than"):
        kafka_security(plain, Mounts(kafka=mount.folder))


def test_an_authority_without_a_certificate_is_named(mount: Mount, tmp_path: Path) -> None:
    Mount(tmp_path / "ca").put({"ca.key": PRIVATE_KEY})
    with pytest.raises(SecretRefused, match=r"^kafka\.caSecretRef my-cluster-.*ca\.crt is missing"):
        kafka_security(STRIMZI, Mounts(kafka=mount.folder, kafka_ca=tmp_path / "ca"))


@pytest.mark.parametrize(
    "config",
    [
        "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true;",
        'ScramLoginModule required username="h1dden";',
        'org.ScramLoginModule required username="h1dden" password="a',
        "h1dden",
    ],
)
def test_a_login_that_is_none_by_user_and_password_is_refused(mount: Mount, config: str) -> None:
    mount.put({"sasl.jaas.config": config})
    with pytest.raises(SecretRefused, match=r"the key sasl\.jaas\.config (is no|names no)") as told:
        kafka_security(KAFKA, Mounts(kafka=mount.folder))
    assert "h1dden" not in str(told.value)


def test_quotes_in_a_login_are_read_as_java_reads_them(mount: Mount) -> None:
    config = r'a.PlainLoginModule required  username="me" password="a\"b\\c" ;'
    mount.put({"sasl.jaas.config": config})

    found = kafka_security(KAFKA, Mounts(kafka=mount.folder))

    assert (found["sasl.mechanism"], found["sasl.password"]) == ("PLAIN", 'a"b\\c')
