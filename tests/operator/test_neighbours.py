"""Two operators over one ModelPipeline: the first looks after it, the other leaves it alone."""

from datetime import timedelta
from typing import Any

from perennial_operator.api.names import KIND
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.reconcile import Reconciler
from tests.fakes.cluster import FakeCluster, FakeReports
from tests.support.operator.builders import IMAGES, NOW, a_resource
from tests.support.operator.harness import status_of

Json = dict[str, Any]
FIRST, SECOND = "system/perennial-operator", "other/perennial-operator"


class Working:
    """Which operators work, and where."""

    def __init__(self, *operators: str) -> None:
        self.operators = set(operators)

    async def __call__(self, operator: str, namespace: str) -> bool:
        assert namespace == "team"
        return operator in self.operators


def an_operator(cluster: FakeCluster, name: str, working: Working) -> Reconciler:
    return Reconciler(cluster, FakeReports(), IMAGES, operator=name, looks_after=working)


async def test_who_saw_it_first_looks_after_it_and_the_other_leaves_it_alone() -> None:
    cluster, working = FakeCluster(a_resource()), Working(FIRST, SECOND)
    first, second = (an_operator(cluster, name, working) for name in (FIRST, SECOND))
    await first.reconcile("team", "income", PipelineCache(), NOW)
    before = list(cluster.writes)

    again = await second.reconcile("team", "income", PipelineCache(), NOW)

    assert cluster.writes == before
    assert again == timedelta(seconds=60)
    assert status_of(cluster).operator == FIRST
    assert second.metrics.registry.get_sample_value("perennial_operator_left_passes_total") == 1


async def test_the_other_takes_over_once_the_first_is_gone() -> None:
    cluster, working = FakeCluster(a_resource()), Working(FIRST, SECOND)
    first, second = (an_operator(cluster, name, working) for name in (FIRST, SECOND))
    await first.reconcile("team", "income", PipelineCache(), NOW)
    working.operators.remove(FIRST)
    del cluster.objects["StatefulSet", "team", "income-recorder"]

    await second.reconcile("team", "income", PipelineCache(), NOW)
    working.operators.add(FIRST)
    before = list(cluster.writes)
    await first.reconcile("team", "income", PipelineCache(), NOW)

    assert status_of(cluster).operator == SECOND
    assert ("StatefulSet", "team", "income-recorder") in cluster.objects
    assert cluster.writes == before


async def test_a_spec_that_cannot_be_read_is_told_by_one_of_them() -> None:
    cluster, working = FakeCluster(a_resource(task="Ranking")), Working(FIRST, SECOND)
    for name in (FIRST, SECOND):
        await an_operator(cluster, name, working).reconcile("team", "income", PipelineCache(), NOW)

    assert cluster.objects[KIND, "team", "income"]["status"]["operator"] == FIRST
    assert cluster.writes == ["status ModelPipeline income"]
