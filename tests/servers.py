"""Where the real servers of the tests stand, the same on kind and natively."""

import shutil
import socket
from typing import Final

import pytest

KAFKA: Final = "127.0.0.1:9092"
S3: Final = "http://127.0.0.1:9000"
S3_USER: Final = "minioadmin"


def need(request: pytest.FixtureRequest, name: str, address: str) -> None:
    """Skips the test, or with --servers fails it, when nothing listens at host:port."""
    host, port = address.removeprefix("http://").rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        _miss(request, f"{name} does not answer at {address}: cluster/cluster up starts it")


def need_programs(request: pytest.FixtureRequest, *names: str) -> None:
    """Skips the test, or with --servers fails it, when a program is not on PATH."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        _miss(request, f"not on PATH: {', '.join(missing)} (cluster/cluster env)")


def _miss(request: pytest.FixtureRequest, what: str) -> None:
    say = pytest.fail if request.config.getoption("--servers") else pytest.skip
    say(what)
