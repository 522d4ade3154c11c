import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.e2e.kubectl import Refused, kubectl
from tests.support.e2e.pipeline import SYSTEM, Pipeline
from tests.support.servers import KAFKA, S3, need

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The operator of this tree, installed by its chart; the name of its namespace."""
    need(request, "Kafka", KAFKA)
    need(request, "S3", S3)
    try:
        kubectl("get", "nodes")
    except (Refused, FileNotFoundError) as error:
        say = pytest.fail if request.config.getoption("--servers") else pytest.skip
        say(f"no cluster: {error}")
    # Workers beside each other (pytest-xdist) share a folder one level up: the first installs.
    beside = "PYTEST_XDIST_WORKER" in os.environ
    shared = tmp_path_factory.getbasetemp().parent if beside else tmp_path_factory.getbasetemp()
    with (shared / "installed").open("a+") as done:
        fcntl.flock(done, fcntl.LOCK_EX)
        if not done.tell():
            install()
            done.write("yes")
    return SYSTEM


def install() -> None:
    upgrade = ["helm", "upgrade", "--install", "perennial", str(ROOT / "helm" / "perennial")]
    where = ["--namespace", SYSTEM, "--create-namespace", "--wait", "--timeout", "2m"]
    subprocess.run([*upgrade, *where], check=True)
    # The tag stays the same from build to build: a new pod takes the image just loaded.
    kubectl("-n", SYSTEM, "rollout", "restart", "deployment")
    kubectl("-n", SYSTEM, "rollout", "status", "deployment", "--timeout=120s")


@pytest.fixture
def prepared(installed: str) -> Iterator[Callable[[Pipeline], Pipeline]]:
    """Removes the pipelines that a test makes, whatever became of it."""
    made: list[Pipeline] = []

    def keep(pipeline: Pipeline) -> Pipeline:
        pipeline.remove()  # what a run left that was ended
        made.append(pipeline)
        return pipeline

    assert installed
    yield keep
    for pipeline in made:
        pipeline.remove()
