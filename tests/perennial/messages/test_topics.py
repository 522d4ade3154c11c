from pathlib import Path
from typing import Any

import pytest
import yaml

from perennial.messages.topics import Topics, topics_in
from perennial.pipeline import ManifestTrouble
from perennial_contract.resource.kafka import Kafka
from tests.support.perennial.running import a_manifest


def written(folder: Path, *documents: Any) -> Path:
    file = folder / "mine.yaml"
    file.write_text(yaml.safe_dump_all(documents))
    return file


def test_a_file_names_the_topics_of_its_pipeline(tmp_path: Path) -> None:
    manifest = a_manifest(
        kafka={"bootstrapServers": "kafka:9092"},
        events={"topic": "income", "id": {"key": True}},
        predictions={},
        deadLetters={"topic": "dead"},
    )
    expected = Topics(
        name="income",
        namespace="default",
        id_prefix="default.income",
        events="income",
        predictions="income.predictions",
        dead_letters="dead",
        kafka=Kafka(bootstrap_servers="kafka:9092"),
    )
    file = written(tmp_path, {"kind": "Secret"}, manifest)
    assert topics_in(file) == expected
    manifest["metadata"]["namespace"] = "prod"
    assert topics_in(written(tmp_path, manifest)).id_prefix == "prod.income"
    assert topics_in(file, "test").id_prefix == "test.income"
    manifest["spec"]["kafka"]["idPrefix"] = "mine"
    assert topics_in(written(tmp_path, manifest)).id_prefix == "mine"


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ([], "is no ModelPipeline: kind, metadata.name and spec are needed"),
        ([{"kind": "Secret"}], "is no ModelPipeline"),
        ([{"kind": "ModelPipeline", "metadata": {"name": "a"}}], "is no ModelPipeline"),
        ([a_manifest(), a_manifest("b")], "holds 2 ModelPipelines: keep one in it"),
        ([a_manifest(events={"topic": "a b"})], "spec.events.topic: "),
    ],
)
def test_a_file_that_holds_no_pipeline_is_told_with_its_field(
    documents: list[Any], said: str, tmp_path: Path
) -> None:
    file = written(tmp_path, *documents)
    with pytest.raises(ManifestTrouble, match=said) as told:
        topics_in(file)
    assert str(told.value).startswith(str(file))
