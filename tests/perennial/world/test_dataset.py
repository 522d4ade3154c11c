import csv
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from perennial.pipeline import ManifestTrouble, Names, load
from perennial.world.agrawal import ATTRIBUTES, label
from perennial.world.dataset import base_dataset, example_rows
from tests.support.examples.builders import LOANS as LOANS_FILE

EXAMPLES = Path(__file__).parents[3] / "examples" / "pipelines"
LOANS = load(LOANS_FILE)
PEOPLE = load(EXAMPLES / "migrate-ml-pipeline.yaml")


def test_the_base_dataset_has_five_thousand_rows_of_function_seven_with_some_noise() -> None:
    rows = list(csv.DictReader(base_dataset(LOANS).decode().splitlines()))

    assert len(rows) == 5_000
    assert tuple(rows[0]) == (*ATTRIBUTES, "group")
    applications = [{name: int(row[name]) for name in ATTRIBUTES} for row in rows]
    true = [label(7, made) == row["group"] for made, row in zip(applications, rows, strict=True)]
    assert 0.93 < sum(true) / len(true) < 0.97


@pytest.mark.parametrize("pipeline", [LOANS, PEOPLE], ids=["loans", "people"])
def test_it_is_the_same_each_time(pipeline: Names) -> None:
    assert base_dataset(pipeline, 100) == base_dataset(pipeline, 100)


def test_people_have_thirteen_fields_and_an_income_bracket_that_follows_from_them() -> None:
    rows = list(islice(example_rows(PEOPLE, 1), 4_000))

    assert {len(row.record) for row in rows} == {13}
    assert (
        base_dataset(PEOPLE, 10).decode().splitlines()[0].endswith(",native_country,income_bracket")
    )
    rich = [row.label == ">50K" for row in rows]
    assert 0.2 < sum(rich) / len(rich) < 0.5
    learned = [row.label == ">50K" for row in rows if row.record["education"] == "Doctorate"]
    assert sum(learned) / len(learned) > sum(rich) / len(rich) + 0.1


def test_for_a_pipeline_of_ones_own_nothing_is_made_up() -> None:
    with pytest.raises(ManifestTrouble, match="not for mine: send events of your own"):
        example_rows(replace(LOANS, name="mine"), 1)
