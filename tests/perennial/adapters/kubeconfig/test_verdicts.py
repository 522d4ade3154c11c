from pathlib import Path
from typing import Any

import pytest

from perennial.adapters.kubeconfig.verdicts import read_verdict
from perennial.adapters.store import StoreTrouble
from tests.support.perennial.pages import VERDICTS
from tests.support.perennial.running import a_manifest


def a_resource(endpoint: str, **more: Any) -> dict[str, Any]:
    resource = a_manifest("income", storage={"endpoint": endpoint, "bucket": "models", **more})
    resource["metadata"]["namespace"] = "team"
    return resource


def no_secret(_: str) -> None:
    return None


def test_a_verdict_lies_in_the_storage_that_the_resource_names(tmp_path: Path) -> None:
    place = tmp_path / "models/team/income/attempts/4"
    place.mkdir(parents=True)
    (place / "verdict.json").write_text(VERDICTS[4].model_dump_json())
    resource = a_resource(tmp_path.as_uri())
    assert read_verdict(resource, 4, no_secret) == VERDICTS[4]
    assert read_verdict(resource, 5, no_secret) is None
    (place / "verdict.json").write_text("{}")
    with pytest.raises(StoreTrouble, match=r"4/verdict\.json is no verdict: Field required"):
        read_verdict(resource, 4, no_secret)


def test_a_storage_that_cannot_be_read_from_here_is_named_with_why() -> None:
    keys = {"AWS_ACCESS_KEY_ID": b"id", "AWS_SECRET_ACCESS_KEY": b"key"}
    resource = a_resource("http://127.0.0.1:1", secretRef={"name": "s3"})
    where = r"^http://127\.0\.0\.1:1/models/team/income/attempts/4/verdict\.json: "
    with pytest.raises(StoreTrouble, match=f"{where}there is no Secret s3$"):
        read_verdict(resource, 4, no_secret)
    with pytest.raises(StoreTrouble, match=f"{where}.*127.0.0.1"):
        read_verdict(resource, 4, lambda _: keys)
    with pytest.raises(StoreTrouble, match=f"{where}"):
        read_verdict(
            a_resource("http://minio.there", secretRef={"name": "s3"}),
            4,
            lambda _: keys,
            "http://127.0.0.1:1",
        )
