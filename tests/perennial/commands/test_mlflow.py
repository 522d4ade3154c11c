from importlib.metadata import version
from pathlib import Path

from perennial.commands.mlflow import opened_by, tracking_of


def test_a_store_has_an_address_in_the_folder_where_it_is_asked_for(tmp_path: Path) -> None:
    assert tracking_of(tmp_path, wanted=False) == ""
    assert tracking_of(tmp_path, wanted=True) == f"sqlite:///{tmp_path}/mlflow/mlflow.db"
    assert list(tmp_path.iterdir()) == []


def test_it_is_opened_by_the_mlflow_that_wrote_it() -> None:
    store = "sqlite:////run/mlflow/mlflow.db"
    assert opened_by(store) == (
        f"uvx mlflow@{version('mlflow-skinny')} ui --backend-store-uri {store}"
    )
