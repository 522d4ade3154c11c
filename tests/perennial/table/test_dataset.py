from dataclasses import replace

import pytest

from perennial.table.csv_lines import TableRefused
from perennial.table.dataset import base_dataset, unusable
from perennial.table.manifest import manifest
from perennial.table.sizes import Sizes
from tests.support.examples.builders import a_table


def test_the_dataset_says_the_order_of_its_rows_in_a_column_of_its_own() -> None:
    table = a_table("ynn", row=[7, 8, 9])

    assert manifest(table, Sizes(2, 100, 50, 1.0), {})["spec"]["dataset"] == {
        "uri": "s3://datasets/demo-my-table-2/train.csv",
        "label": "bought",
        "timeColumn": "row_",
    }
    assert base_dataset(table, 2) == b"row_,n,row,bought\n1,0,7,y\n2,1,8,n\n"


def test_columns_that_can_be_no_features_are_left_out() -> None:
    names = [f"person {number}" for number in range(400)]
    table = a_table("yn" * 200, name=names, empty=[None] * 400)

    left_out = unusable(table, 300)
    assert list(left_out) == ["name", "empty"]
    assert "300 different texts in 300 rows" in left_out["name"]
    only = replace(table, columns=("name",))
    with pytest.raises(TableRefused, match=r"no column of .* can be a feature; 'name': "):
        unusable(only, 300)
