import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from perennial.adapters.broker import Broker
from perennial.adapters.broker_build import BrokerBuild
from perennial.broker.build import default_cache


@pytest.fixture(scope="session")
def program() -> Path:
    """The broker's program, built here where no run has built it yet."""
    return BrokerBuild(default_cache(os.environ, Path.home()), os.environ, print).ensure()


@pytest.fixture
def broker(program: Path, tmp_path: Path) -> Iterator[Broker]:
    with Broker(program, tmp_path / "kafka", tmp_path / "broker.log") as broker:
        yield broker
