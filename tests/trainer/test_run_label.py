"""Whole runs of a schema that leaves its label out, against objects in memory."""

from dataclasses import replace
from typing import Any

import pytest

from perennial_contract.objects.bundle import FILES, MANIFEST, key
from perennial_contract.objects.observation import Observation, SegmentKey, to_parquet
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.runtime.objects import Put, StoreError
from perennial_contract.status import FoundLabel, Verdict, VerdictOutcome
from perennial_trainer.models.published import load_published
from tests.fakes.objects import FakeObjects
from tests.support.trainer.agrawal import observations
from tests.support.trainer.house import WATERMARK, House

SORTED = BinaryLabel(positive="B", negative="A")
DECLARED: dict[str, Any] = {"label": SORTED.model_dump()}


def test_a_label_that_is_left_out_gives_the_same_models_as_one_that_is_declared(
    dataset: bytes, segments: dict[str, bytes]
) -> None:
    declared, left_out = House(), House()
    for house, schema in ((declared, DECLARED), (left_out, {})):
        house.datasets.put_new("loans.csv", dataset)
        house.store.objects.update(segments)
        first = house.run(schema=schema)
        house.run(2, schema=schema, champion=first.version, watermark=WATERMARK)

    models = [
        {name: data for name, data in house.store.objects.items() if name.startswith("models/")}
        for house in (declared, left_out)
    ]
    assert len(models[0]) == 2 * (1 + len(FILES))
    assert models[0] == models[1]
    assert left_out.store.objects["label.json"] == b'{"positive":"B","negative":"A"}'
    assert "label.json" not in declared.store.objects


def test_what_was_found_stands_in_verdict_and_bundle_and_before_the_bundle(house: House) -> None:
    verdict = house.run(schema={})

    assert verdict.label == FoundLabel(positive="B", negative="A")
    assert load_published(house.store, verdict.version, 1).manifest.label == SORTED
    wrote = house.store.wrote
    assert wrote.index("label.json") < wrote.index(key(verdict.version, MANIFEST))
    assert verdict.left_out == 0


def test_a_declared_label_is_no_find(house: House) -> None:
    verdict = house.run(schema=DECLARED)

    assert (verdict.label, verdict.left_out) == (None, 0)


def test_declared_later_just_as_found_it_is_the_same_schema(
    house: House, segments: dict[str, bytes]
) -> None:
    house.store.objects.update(segments)
    champion = house.run(schema={}).version

    verdict = house.run(2, schema=DECLARED, champion=champion, watermark=WATERMARK)

    assert "refit" in [score.candidate for score in verdict.scores]


@pytest.mark.parametrize("column", [b"yes", b"C"])
@pytest.mark.parametrize("has_champion", [True, False])
def test_a_dataset_of_other_values_is_refused_once_there_is_a_model(
    house: House, dataset: bytes, column: bytes, *, has_champion: bool
) -> None:
    first = house.run(schema={})
    house.datasets.objects["loans.csv"] = dataset.replace(b",A\n", b",%s\n" % column)

    verdict = house.run(2, schema={}, champion=first.version if has_champion else "")

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.REFUSED, "DataRefused")
    assert f"column 'label' holds {column.decode()!r}, which is neither 'B' nor 'A'" in (
        verdict.message
    )
    assert "these two stand for good, by the champion or label.json" in verdict.message


def test_the_champion_tells_the_label_whatever_another_resource_left(
    house: House, segments: dict[str, bytes]
) -> None:
    house.store.put_new("label.json", b'{"positive":"A","negative":"B"}')
    house.store.objects.update(segments)
    declared = {"label": {**SORTED.model_dump(), "aliases": {"b": "B"}}}
    champion = house.run(schema=declared).version

    verdict = house.run(2, schema={}, champion=champion, watermark=WATERMARK)

    assert verdict.outcome is VerdictOutcome.PROMOTED
    assert verdict.label == FoundLabel.model_validate(declared["label"])


def test_a_champion_of_the_other_positive_class_is_never_judged_by_a_declared_one(
    house: House, segments: dict[str, bytes]
) -> None:
    house.store.objects.update(segments)
    champion = house.run(schema={}).version
    turned = {"label": {"positive": "A", "negative": "B"}}

    verdict = house.run(2, schema=turned, champion=champion, watermark=WATERMARK)

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.REFUSED, "DataRefused")
    assert verdict.message == (
        f"schema.label.positive is 'A', but {champion} answers with the probability of 'B': a"
        " positive class stays for good; delete the ModelPipeline, and create it with this one"
    )


def test_until_there_is_a_model_the_dataset_may_be_mended(house: House, dataset: bytes) -> None:
    house.datasets.objects["loans.csv"] = dataset.replace(b",A\n", b",C\n")
    house.run(schema={}, promotion={"minJudged": 2000}, retrain={"threshold": 4000})
    assert "label.json" not in house.store.objects
    house.datasets.objects["loans.csv"] = dataset

    verdict = house.run(2, schema={})

    assert verdict.outcome is VerdictOutcome.PROMOTED
    assert verdict.label == FoundLabel(positive="B", negative="A")


def test_a_column_of_three_values_is_refused_with_them(house: House, dataset: bytes) -> None:
    house.datasets.objects["loans.csv"] = dataset.replace(b",A\n", b",maybe\n", 1)

    verdict = house.run(schema={})

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.REFUSED, "DataRefused")
    assert verdict.message == (
        "column 'label' of s3://datasets/loans.csv holds 3 values, 'A', 'B', 'maybe': where"
        " schema.label is left out, it must hold two; correct the column, or declare schema.label"
    )


def test_observations_of_neither_class_change_nothing_but_what_the_verdict_says(
    house: House, dataset: bytes
) -> None:
    rows, odd = observations(7, 2000, 2), ["", "x" * 99, "C", "C", "D"] * 10
    places = range(5, 2000, 40)
    labels = dict(zip(places, odd, strict=True))
    mixed = [replace(row, label=labels.get(i, row.label)) for i, row in enumerate(rows)]
    without = House()
    without.datasets.put_new("loans.csv", dataset)
    kept = [row for i, row in enumerate(rows) if i not in labels]
    plain = [replace(row, sequence=i) for i, row in enumerate(kept)]

    one, other = (answered(each, stream) for each, stream in ((house, mixed), (without, plain)))

    assert one[0] == other[0]
    assert (one[1].left_out, other[1].left_out) == (50, 0)
    assert one[1].message == (
        f"{other[1].message}; 50 observations are left out, whose label"
        f" ('C', '', {'x' * 40!r}, …) is neither 'B' nor 'A'"
    )


def answered(house: House, stream: list[Observation]) -> tuple[bytes, Verdict]:
    """The model's text, and the verdict."""
    house.store.put_new(str(SegmentKey("t", 0, 0)), to_parquet(stream))
    verdict = house.run(schema={}, watermark={"t": {"0": len(stream)}})
    return load_published(house.store, verdict.version, 1).model.text, verdict


class Slower(FakeObjects):
    """Another run finds other values, and settles them just before this one does."""

    def put_new(self, key: str, data: bytes) -> Put:
        if key == "label.json":
            super().put_new(key, b'{"positive":"C","negative":"A"}')
        return super().put_new(key, data)


def test_of_two_runs_that_find_other_labels_the_slower_publishes_nothing(dataset: bytes) -> None:
    house = House(store=Slower())
    house.datasets.put_new("loans.csv", dataset)

    with pytest.raises(StoreError, match="another run was faster"):
        house.run(schema={})

    assert not [name for name in house.store.objects if name.startswith("models/")]
