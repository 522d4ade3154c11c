from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from tests.support.operator.control_plane import PROGRAMS, ControlPlane, begin, free_port
from tests.support.operator.process import Operator, World
from tests.support.servers import KAFKA, MLFLOW, S3, need, need_programs


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> str:
    """The bootstrap address of a real broker."""
    need(request, "Kafka", KAFKA)
    return KAFKA


@pytest.fixture(scope="session")
def s3(request: pytest.FixtureRequest) -> str:
    """The endpoint of a real S3 server; user and password are minioadmin."""
    need(request, "S3", S3)
    return S3


@pytest.fixture(scope="session")
def mlflow(request: pytest.FixtureRequest) -> str:
    """The address of a real MLflow server."""
    need(request, "MLflow", MLFLOW)
    return MLFLOW


@pytest.fixture(scope="session")
def control_plane(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControlPlane]:
    need_programs(request, *PROGRAMS)
    folder = tmp_path_factory.mktemp("control-plane")
    plane = ControlPlane(folder, free_port())
    try:
        begin(plane)
        yield plane
    finally:
        plane.stop()


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """Its pipelines go with the test: the next one's operator would look after them as well."""
    name = f"operator-it-{uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", name)
    yield name
    control_plane.kubectl("-n", name, "delete", "modelpipelines", "--all", "--wait=false")


@pytest.fixture
def operators(control_plane: ControlPlane, namespace: str) -> Iterator[Callable[..., Operator]]:
    """Starts one; with the name of another it is the same pod's next container."""
    started: list[Operator] = []

    def start(name: str = "", lease: str = "perennial-operator") -> Operator:
        name = name or f"operator-{uuid4().hex[:6]}"
        started.append(Operator(control_plane, name, namespace, lease))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()


@pytest.fixture
def world(control_plane: ControlPlane, namespace: str) -> World:
    return World(control_plane, namespace)
