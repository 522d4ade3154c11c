import pytest

from perennial.adapters import tracking


def test_the_demo_goes_on_where_mlflow_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "MLFLOW", "http://127.0.0.1:1")

    assert tracking.describe_runs("loans") == (
        "MLflow does not answer at http://127.0.0.1:1; the attempts stand in the status all the"
        " same"
    )
