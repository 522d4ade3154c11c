"""Contents of the Secrets for Kafka and S3, right and wrong ones."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.security.kafka import User
from tests.support.servers import S3_USER

Content = dict[str, str]


def s3_secret(authority: str = "") -> Content:
    keys = {"AWS_ACCESS_KEY_ID": S3_USER, "AWS_SECRET_ACCESS_KEY": S3_USER}
    return keys | ({"ca.crt": authority} if authority else {})


def password_secret(user: User, password: str, authority: str) -> Content:
    return {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": user.name,
        "sasl.password": password,
        "ca.crt": authority,
    }


def certificate_secret(folder: Path) -> Content:
    """As cert-manager makes it, with the protocol."""
    return {
        "security.protocol": "SSL",
        "ca.crt": (folder / "ca.crt").read_text(),
        "tls.crt": (folder / "client.crt").read_text(),
        "tls.key": (folder / "client.key").read_text(),
    }


def without_certificate(content: Content) -> Content:
    return {key: value for key, value in content.items() if not key.startswith("tls.")}


def an_authority(folder: Path) -> str:
    """A new one's certificate: it has signed nothing."""
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    files = ["-nodes", "-keyout", str(folder / "key"), "-out", str(folder / "crt")]
    subprocess.run([*made, *files, "-subj", "/CN=stranger"], check=True, capture_output=True)
    return (folder / "crt").read_text()


def strimzi_password(user: User, password: str) -> Content:
    """Of a KafkaUser with SCRAM."""
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    login = f'{module} required username="{user.name}" password="{password}";'
    return {"password": password, "sasl.jaas.config": login}


def strimzi_certificate(folder: Path, authority: str) -> Content:
    """Of a KafkaUser with TLS; its authority is that of users."""
    return {
        "ca.crt": authority,
        "user.crt": (folder / "client.crt").read_text(),
        "user.key": (folder / "client.key").read_text(),
        "user.p12": "an archive",
        "user.password": "of the archive",
    }
