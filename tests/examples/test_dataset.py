import csv

from examples.demo.agrawal import ATTRIBUTES, label
from examples.demo.dataset import base


def test_the_base_dataset_has_five_thousand_rows_of_function_seven_with_some_noise() -> None:
    rows = list(csv.DictReader(base("group").decode().splitlines()))

    assert len(rows) == 5_000
    assert tuple(rows[0]) == (*ATTRIBUTES, "group")
    applications = [{name: int(row[name]) for name in ATTRIBUTES} for row in rows]
    true = [label(7, made) == row["group"] for made, row in zip(applications, rows, strict=True)]
    assert 0.93 < sum(true) / len(true) < 0.97


def test_it_is_the_same_each_time() -> None:
    assert base("group", 100) == base("group", 100)
