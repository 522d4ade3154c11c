import json

from perennial.page.data import Labels, State
from perennial.page.overview import Line, Overview, overview, overview_json
from perennial.page.section import Level
from perennial_operator.api.status import Status
from tests.support.perennial.pages import FIRST, V1, V4, a_status, at, resource


def named(name: str, namespace: str, status: Status | None = None) -> dict[str, object]:
    made = resource(status or Status())
    return {**made, "metadata": {**made["metadata"], "name": name, "namespace": namespace}}


def test_each_pipeline_is_a_line_in_the_order_of_the_names() -> None:
    given = [named("b", "team"), named("a", "team", a_status(V1, 34, [FIRST])), named("c", "a")]

    found = overview(given)

    assert [(line.namespace, line.name) for line in found.pipelines] == [
        ("a", "c"),
        ("team", "a"),
        ("team", "b"),
    ]
    assert found.pipelines[1] == Line(
        name="a",
        namespace="team",
        address="team/a/",
        state=State(level=Level.WELL, word="Ready", summary=f"{V4} serves"),
        version=V1,
        since=at(34),
        loss=0.318,
        labels=Labels(new=1104, threshold=2000, total=5104),
    )
    assert found.pipelines[2].version == ""


def test_one_that_cannot_be_read_hides_no_other() -> None:
    broken = {**named("a", "team"), "status": {"model": 7}}

    found = overview([broken, named("b", "team", a_status(V1, 34, [FIRST]))])

    assert [(line.name, line.state.word) for line in found.pipelines] == [
        ("a", "Unknown"),
        ("b", "Ready"),
    ]


def test_the_document_has_these_names() -> None:
    document = json.loads(overview_json(overview([named("a", "team")])))

    assert list(document) == ["pipelines", "problem"]
    assert list(document["pipelines"][0]) == [
        *("name", "namespace", "address", "state", "version", "since", "loss", "labels")
    ]
    assert overview(()) == Overview(pipelines=[])
