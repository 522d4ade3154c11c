"""Whole runs on data of all kinds, against objects in memory."""

from typing import Any

import pytest

from perennial_contract.status import VerdictOutcome
from perennial_trainer.data.history import DatasetMissing
from perennial_trainer.models.published import load_published
from tests.support.trainer.agrawal import SCHEMA
from tests.support.trainer.house import WATERMARK, House

RENAMED = {
    "features": [
        {"name": "pay", "path": "salary", "type": "Number"},
        {"name": "age", "type": "Number"},
        {"name": "elevel", "type": "Category"},
    ]
}


FULL_FITS = ["parameters-all", "parameters-recent", "since-rise", "base-rate"]


def test_a_dataset_that_cannot_be_used_is_refused_and_the_verdict_stands(house: House) -> None:
    house.datasets.objects["loans.csv"] = b"age,label\n39,maybe\n"

    verdict = house.run()

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.REFUSED, "DataRefused")
    assert verdict.message.startswith("row 1: column 'label' holds 'maybe'")
    assert "attempts/1/verdict.json" in house.store.objects


def test_a_damaged_number_is_refused_by_column_and_row_of_the_file(
    house: House, dataset: bytes
) -> None:
    lines = dataset.splitlines()
    lines[7] = b"many" + lines[7][lines[7].index(b",") :]
    house.datasets.objects["loans.csv"] = b"\n".join(lines)

    verdict = house.run()

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.REFUSED, "DataRefused")
    assert "column salary" in verdict.message
    assert "'many' in row 7" in verdict.message


def test_a_dataset_that_is_not_there_yet_is_no_verdict(house: House) -> None:
    house.datasets.objects.clear()

    with pytest.raises(DatasetMissing, match=r"dataset s3://datasets/loans\.csv does not exist"):
        house.run()
    assert "attempts/1/verdict.json" not in house.store.objects


def test_without_dataset_and_observations_there_is_nothing_to_learn(house: House) -> None:
    verdict = house.run(dataset=None)

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.REFUSED, "DataRefused")


def test_a_cold_start_learns_from_observations_alone(
    house: House, segments: dict[str, bytes]
) -> None:
    house.store.objects.update(segments)

    verdict = house.run(dataset=None, watermark=WATERMARK)

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.PROMOTED, "FirstModel")
    assert (verdict.judged, verdict.trained) == (500, 1375)


@pytest.mark.parametrize(
    ("changed", "header", "features"),
    [
        ({"exclude": ["salary"]}, b"salary", {"age", "elevel", "car", "zipcode", "hvalue"}),
        (RENAMED, b"pay", {"pay", "age"}),
    ],
)
def test_a_champion_of_another_schema_is_judged_through_its_own_encoder(
    house: House,
    segments: dict[str, bytes],
    changed: dict[str, Any],
    header: bytes,
    features: set[str],
) -> None:
    house.store.objects.update(segments)
    champion = house.run().version
    same = house.run(2, champion=champion, watermark=WATERMARK)
    house.datasets.objects["loans.csv"] = house.datasets.objects["loans.csv"].replace(
        b"salary", header, 1
    )

    verdict = house.run(
        3, champion=champion, watermark=WATERMARK, schema={**SCHEMA.model_dump(), **changed}
    )

    assert verdict.scores[0] == same.scores[0]
    assert [s.candidate for s in verdict.scores][1:] == FULL_FITS
    assert verdict.outcome is VerdictOutcome.PROMOTED
    found = {f.name for f in load_published(house.store, verdict.version, 1).model.encoder.features}
    assert features <= found
    assert "salary" not in found


def test_labels_younger_than_maturity_do_not_judge(
    house: House, segments: dict[str, bytes]
) -> None:
    house.store.objects.update(segments)
    champion = house.run().version

    verdict = house.run(2, champion=champion, watermark=WATERMARK, maturity="400000d")

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.INCONCLUSIVE, "TooFewRows")
