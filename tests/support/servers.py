"""Addresses of the tests' real servers, the same on kind and natively."""

import os
import shutil
import socket
from pathlib import Path
from typing import Final

import pytest

KAFKA: Final = "127.0.0.1:9092"
S3: Final = "http://127.0.0.1:9000"
S3_USER: Final = "minioadmin"
KAFKA_SASL: Final = "127.0.0.1:9094"  # SASL_SSL, SCRAM-SHA-512
KAFKA_TLS: Final = "127.0.0.1:9095"  # SSL, and asks for a client's certificate
S3_TLS: Final = "https://127.0.0.1:9443"  # the same objects as S3
MLFLOW: Final = "http://127.0.0.1:5000"


def need(request: pytest.FixtureRequest, name: str, address: str) -> None:
    """Skips the test, or with --servers fails it, when nothing listens at host:port."""
    host, port = address.rpartition("//")[2].rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        _miss(request, f"{name} does not answer at {address}: cluster/cluster up starts it")


def need_programs(request: pytest.FixtureRequest, *names: str) -> None:
    """Skips the test, or with --servers fails it, when a program is not on PATH."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        _miss(request, f"not on PATH: {', '.join(missing)} (cluster/cluster env)")


def need_certificates(request: pytest.FixtureRequest) -> Path:
    """The folder with ca.crt, which signed the servers' certificates, client.crt and client.key."""
    folder = Path(os.environ.get("PERENNIAL_TLS", "/nowhere"))
    if not (folder / "ca.crt").is_file():
        _miss(request, "PERENNIAL_TLS names no folder with ca.crt (cluster/cluster env)")
    return folder


def _miss(request: pytest.FixtureRequest, what: str) -> None:
    say = pytest.fail if request.config.getoption("--servers") else pytest.skip
    say(what)
