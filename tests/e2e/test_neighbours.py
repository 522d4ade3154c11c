from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.test_ownership import CHILDREN
from tests.support.e2e.altered import BEFORE_SEALING, renumbered
from tests.support.e2e.injection import INIT, PROXY, containers, injected
from tests.support.e2e.kubectl import eventually, kubectl, listed
from tests.support.e2e.pipeline import Pipeline
from tests.support.e2e.rows import LOANS, loans
from tests.support.e2e.stream import Stream

pytestmark = pytest.mark.e2e
Prepared = Callable[[Pipeline], Pipeline]


@pytest.fixture
def meshed(prepared: Prepared) -> Iterator[Pipeline]:
    """A pipeline in whose namespace each pod gets a container and an init container."""
    pipeline = prepared(Pipeline("e2e-meshed", LOANS, Stream("e2e-meshed")))
    pipeline.prepare(loans(1_500))
    with injected(pipeline.name):
        yield pipeline


def test_the_loop_closes_with_a_sidecar_and_an_init_container_in_every_pod(
    meshed: Pipeline,
) -> None:
    meshed.apply()
    meshed.wait_ready()
    assert {frozenset(containers(pod["spec"])) for pod in listed(meshed.name, "pods")} == {
        frozenset({PROXY, INIT, program}) for program in ("predictor", "recorder")
    }

    rows = loans(2_400, function=4, seed=3)
    meshed.stream.send(rows)
    entry = meshed.wait_attempt(2)
    assert entry["outcome"] == "Promoted"
    meshed.wait_serving(entry["version"])
    meshed.expect(60, "the trainer's pods are gone", lambda: not trainers(meshed))

    broken = broken_version(meshed, entry["version"])
    meshed.edit({"model": {"pin": broken}})
    meshed.expect(120, "it is known as bad", lambda: is_bad(meshed, broken))
    meshed.edit({"model": {"pin": ""}})
    meshed.wait_ready(120)
    meshed.stream.send(loans(200, function=4, seed=5))
    meshed.wait_answered()
    assert meshed.status()["model"]["version"] == entry["version"]
    answered = Counter(answer["request_id"] for answer in meshed.stream.answers())
    assert answered == Counter(meshed.stream.sent)

    kubectl("-n", meshed.name, "delete", "modelpipeline", meshed.name)
    eventually(90, "no child is left", lambda: not listed(meshed.name, CHILDREN))


def trainers(pipeline: Pipeline) -> list[str]:
    pods = listed(pipeline.name, "pods", "perennial.dev/component=trainer")
    return [pod["metadata"]["name"] for pod in pods]


def broken_version(pipeline: Pipeline, good: str) -> str:
    """A model whose golden rows do not agree with it, as if another library had trained it."""
    files = BEFORE_SEALING["golden rows off, digests right"](pipeline.model(good))
    version, sealed = renumbered(good, files, 90)
    pipeline.put_model(version, sealed)
    return version


def is_bad(pipeline: Pipeline, version: str) -> bool:
    bad = [
        each["version"] if isinstance(each, dict) else each
        for each in pipeline.status().get("badVersions", [])
    ]
    return version in bad
