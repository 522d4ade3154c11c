from datetime import UTC, datetime, timedelta

import pytest

from perennial.report.columns import age, cells

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
RESOURCE = {
    "metadata": {"name": "loans", "creationTimestamp": "2026-11-28T11:56:40Z"},
    "status": {
        "conditions": [
            {"type": "Reconciling", "status": "True", "reason": "RollingOut"},
            {"type": "Ready", "status": "True", "reason": "Serving"},
        ],
        "model": {"version": "v1-11111111", "summary": "0.3 now"},
        "progress": {"labels": "20/800", "attempt": "#1 promoted"},
        "replicas": 2,
    },
}


def test_a_row_is_what_kubectl_prints() -> None:
    assert cells(RESOURCE, NOW) == (
        ("NAME", "loans"),
        ("READY", "True"),
        ("MODEL", "v1-11111111"),
        ("SCORE", "0.3 now"),
        ("LABELS", "20/800"),
        ("ATTEMPT", "#1 promoted"),
        ("REPLICAS", "2"),
        ("AGE", "3m20s"),
    )


def test_what_is_not_there_yet_is_an_empty_cell() -> None:
    new = {"metadata": RESOURCE["metadata"]}
    assert [cell for _, cell in cells(new, NOW)] == ["loans", *[""] * 6, "3m20s"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "0s"), (45, "45s"), (60, "1m"), (3_599, "59m59s"), (18_000, "5h"), (1_040_000, "12d")],
)
def test_an_age_is_in_two_units_at_most(seconds: int, said: str) -> None:
    assert age(timedelta(seconds=seconds)) == said
