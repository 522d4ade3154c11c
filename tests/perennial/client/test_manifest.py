from pathlib import Path

import pytest
import yaml

from perennial.client.manifest import read
from perennial.pipeline import ManifestTrouble
from tests.support.perennial.running import a_manifest

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s3"}}


def test_other_objects_of_the_file_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all([SECRET, None, a_manifest("income")]))
    assert read(file) == a_manifest("income")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "FILE: No such file or directory"),
        ("a: [", "FILE is no YAML: "),
        (yaml.safe_dump(SECRET), "FILE holds no ModelPipeline: it must be one"),
        (yaml.safe_dump_all([a_manifest(), a_manifest()]), "FILE holds several ModelPipelines"),
        ("kind: ModelPipeline", "FILE: apiVersion: None is not perennial.dev/v1alpha1"),
        (
            "kind: ModelPipeline\napiVersion: perennial.dev/v1alpha1\nmetadata: {}",
            "FILE: metadata.name is missing",
        ),
    ],
    ids=["missing", "no yaml", "none", "several", "version", "nameless"],
)
def test_a_file_that_is_none_is_named(content: str | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "it.yaml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ManifestTrouble) as trouble:
        read(file)
    assert str(trouble.value).startswith(said.replace("FILE", str(file)))


def test_a_time_stays_the_text_that_it_is_to_kubectl(tmp_path: Path) -> None:
    file = tmp_path / "it.yaml"
    file.write_text(
        "{apiVersion: perennial.dev/v1alpha1, kind: ModelPipeline, metadata: {name: it},"
        " spec: {retrain: {request: 2026-11-28T12:00:00Z}}}"
    )
    assert read(file)["spec"] == {"retrain": {"request": "2026-11-28T12:00:00Z"}}
