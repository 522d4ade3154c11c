from pathlib import Path

import pytest
import yaml

from perennial.pipeline import parse
from perennial.table.manifest import manifest, name_of, text
from perennial.table.sizes import sizes
from perennial_operator.api.spec import Spec
from tests.support.examples.builders import a_table


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("elec2.csv.gz", "demo-elec2"),
        ("My table (2).CSV", "demo-my-table-2"),
        ("+.csv", "demo-table"),
        ("a" * 60 + ".csv", "demo-" + "a" * 35),
        ("a" * 34 + " b.csv", "demo-" + "a" * 34),
    ],
)
def test_a_pipeline_is_named_as_its_file(file: str, name: str) -> None:
    assert name_of(Path("/some where") / file) == name


def test_the_manifest_of_a_table_is_what_the_operator_accepts_and_the_demo_follows() -> None:
    table = a_table("yn" * 1_000)
    made = yaml.safe_load(text(manifest(table, sizes(table), {"n": "why"}), table))

    spec = Spec.model_validate(made["spec"])
    assert (spec.retrain.threshold, spec.label_schema.exclude) == (300, ["n"])
    assert parse(made).topics == (
        "demo-my-table-2-events",
        "demo-my-table-2-labels",
        "demo-my-table-2-predictions",
        "demo-my-table-2-dead-letters",
    )
