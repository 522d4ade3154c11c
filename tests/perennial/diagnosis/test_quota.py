from decimal import Decimal
from typing import Any

import pytest

from perennial.diagnosis.facts import ClusterFacts, Quota
from perennial.diagnosis.quota import amount, quota
from tests.support.perennial.diagnosing import Told, a_subject, told


def found(*quotas: Quota, exists: bool = False, defaults: str = "", **sections: Any) -> list[Told]:
    facts = ClusterFacts(quotas=quotas, exists=exists, defaults=frozenset(defaults.split()))
    return told(quota(a_subject(**sections), facts))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", "2"),
        ("0.5", "0.5"),
        ("100m", "0.1"),
        ("1k", "1000"),
        ("1Ki", "1024"),
        ("2Gi", "2147483648"),
        ("2G", "2000000000"),
        ("1e3", "1000"),
        ("12E", "12000000000000000000"),
        ("", "0"),
        ("many", "0"),
    ],
)
def test_a_quantity_is_a_number(text: str, number: str) -> None:
    assert amount(text) == Decimal(number)


def test_a_quota_that_holds_the_pods_is_in_order() -> None:
    # predictor 2 * 100m while pods are replaced, recorder 100m, trainer 500m
    assert found(Quota("q", "requests.cpu", "1", "200m"), Quota("q", "pods", "10", "6")) == []


def test_a_quota_that_cannot_hold_them_is_told() -> None:
    assert found(Quota("q", "requests.cpu", "1", "201m"), Quota("q", "pods", "10", "7")) == [
        Told(
            "error",
            "metadata.namespace",
            "ResourceQuota q leaves 0.799 of requests.cpu (201m of 1 are used), and the pods ask"
            " for 0.8 at most",
        ),
        Told(
            "error",
            "metadata.namespace",
            "ResourceQuota q leaves 3 of pods (7 of 10 are used), and the pods ask for 4 at most",
        ),
    ]


def test_the_pods_of_a_pipeline_that_exists_are_counted_already() -> None:
    assert found(Quota("q", "pods", "4", "3"), exists=True) == []


def test_a_quota_on_limits_asks_each_pod_for_one() -> None:
    limits = Quota("q", "limits.memory", "100Gi", "0")
    assert found(limits) == [
        Told(
            "error",
            "spec.predictor.resources",
            "ResourceQuota q asks each pod for limits.memory, and the predictor has none",
        )
    ]
    assert found(limits, defaults="limits.memory") == []
