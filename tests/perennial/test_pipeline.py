"""The pipeline that the demo follows, out of any manifest."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from perennial.pipeline import ManifestTrouble, Names, late_label, load
from perennial.sending import answer
from perennial.stream.accuracy import Answer
from perennial.stream.record import Record
from tests.support.examples.builders import LOANS as LOANS_FILE


def loaded(folder: Path, **sections: dict[str, Any]) -> Names:
    """The demo's own pipeline with fields of some sections changed."""
    manifest = yaml.safe_load(LOANS_FILE.read_text())
    for section, fields in sections.items():
        manifest["spec"][section] |= fields
    file = folder / "mine.yaml"
    file.write_text(yaml.safe_dump(manifest))
    return load(file)


def test_objects_lie_where_the_manifest_says(tmp_path: Path) -> None:
    assert load(LOANS_FILE).prefix == "default/loans"
    assert loaded(tmp_path, storage={"prefix": "teams/loans"}).prefix == "teams/loans"


def test_a_late_label_names_its_event_where_labels_id_points(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, labels={"id": {"path": "event.number"}, "value": "outcome"})

    message = late_label(pipeline, "e-1", "A")

    assert (message.topic, message.key) == (pipeline.labels, "e-1")
    assert json.loads(message.value) == {"event": {"number": "e-1"}, "outcome": "A"}


def test_a_late_label_whose_key_is_the_id_holds_the_label_alone(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, labels={"id": {"key": True}})

    message = late_label(pipeline, "e-1", "A")

    assert message.key == "e-1"
    assert list(json.loads(message.value).values()) == ["A"]


def test_without_labels_id_a_late_label_names_its_event_as_events_do(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, events={"id": {"path": "number"}}, labels={"id": None})

    assert json.loads(late_label(pipeline, "e-1", "A").value)["number"] == "e-1"


@pytest.mark.parametrize("section", ["events", "labels"])
def test_an_id_in_a_header_is_none_that_the_demo_sends(tmp_path: Path, section: str) -> None:
    with pytest.raises(ManifestTrouble, match=rf"{section}\.id\.header"):
        loaded(tmp_path, **{section: {"id": {"header": "ce_id"}}})


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", "it holds no mapping"),
        ("- a list", "it holds no mapping"),
        ("a text", "it holds no mapping"),
        ("kind: ModelPipeline", "metadata is missing"),
        ("metadata: [loans]", "metadata is missing"),
        ("metadata: {}", "metadata.name is missing"),
        ("metadata: {name: loans}", "spec is missing"),
        ("metadata: {name: loans}\nspec:", "spec is missing"),
    ],
)
def test_a_file_without_a_pipeline_is_told_by_what_is_missing(
    tmp_path: Path, text: str, missing: str
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(ManifestTrouble) as told:
        load(file)
    assert str(told.value) == f"{file} is no ModelPipeline to follow: {missing}"


def test_a_pipeline_without_labels_has_nothing_to_follow(tmp_path: Path) -> None:
    manifest = yaml.safe_load(LOANS_FILE.read_text())
    del manifest["spec"]["labels"]
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(manifest))
    with pytest.raises(ManifestTrouble, match=r"to follow: spec\.labels is missing$"):
        load(file)


def test_an_answer_is_known_by_its_key_wherever_the_id_lies(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, events={"id": {"path": "meta.number"}})
    value = json.dumps({"number": "e-1", "prediction": 1.0, "label": "A", "model": "v1-a"})

    found = answer(Record("e-1", value.encode(), 5.0, {}), pipeline)

    assert found == Answer("e-1", "A", "v1-a", 5.0)
