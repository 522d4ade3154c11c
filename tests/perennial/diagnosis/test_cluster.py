from typing import Any

from perennial.diagnosis.cluster import cluster
from perennial.diagnosis.facts import ClusterFacts, Watcher
from tests.support.perennial.diagnosing import Told, a_subject, told

OPERATOR = Watcher("perennial-system/perennial-operator", (), works=True)


def found(subject: dict[str, Any] | None = None, **facts: Any) -> list[Told]:
    whole = {"namespace": True, "lacks": (), "watchers": [OPERATOR], **facts}
    return told(cluster(a_subject(**(subject or {})), ClusterFacts(**whole)))


def test_a_cluster_that_is_made_for_pipelines_is_in_order() -> None:
    assert found() == []
    assert found(namespace=None) == []


def test_a_namespace_and_a_definition_that_are_missing_are_told() -> None:
    assert found(namespace=False, lacks=None) == [
        Told("error", "metadata.namespace", "there is no namespace default in the cluster"),
        Told(
            "error",
            "kind",
            "the cluster knows no ModelPipeline: its definition is not installed",
        ),
    ]


def test_a_definition_that_is_older_is_told_with_what_it_lacks() -> None:
    assert found(lacks=tuple(f"spec.f{n}" for n in range(7))) == [
        Told(
            "warning",
            "kind",
            "the definition in the cluster is older than this command: it does not know spec.f0,"
            " spec.f1, spec.f2, spec.f3, spec.f4, ...",
        )
    ]


def test_what_the_api_server_says_is_passed_on() -> None:
    assert found(refused="no") == [Told("error", "kind", "the API server would refuse it: no")]


def test_an_operator_that_does_not_work_is_told() -> None:
    assert found(watchers=[]) == [Told("error", "kind", "no operator works in the cluster")]
    assert found(watchers=[OPERATOR._replace(works=False)]) == [
        Told(
            "error",
            "kind",
            "no operator works in the cluster: perennial-system/perennial-operator has not been"
            " renewed for a minute",
        )
    ]
    assert found(watchers=None) == [
        Told(
            "unseen",
            "kind",
            "whether an operator works could not be seen: we may not list Leases",
        )
    ]


def test_an_operator_of_other_namespaces_is_told() -> None:
    others = OPERATOR._replace(namespaces=("team-b", "team-a"))
    assert found(watchers=[others]) == [
        Told(
            "error",
            "metadata.namespace",
            "no operator works on namespace default, only on team-a, team-b",
        )
    ]
    assert found(watchers=[others, others._replace(namespaces=("default",))]) == []


def test_a_service_account_that_is_missing_is_told_at_its_program() -> None:
    sections = {"trainer": {"template": {"serviceAccountName": "robot"}}}
    assert found(sections, accounts={"robot": True}) == []
    assert found(sections, accounts={}) == []
    assert found(sections, accounts={"robot": False}) == [
        Told(
            "error",
            "spec.trainer.template.serviceAccountName",
            "there is no ServiceAccount robot in namespace default",
        )
    ]
