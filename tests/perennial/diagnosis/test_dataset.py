import gzip
import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perennial.diagnosis.dataset import Diagnosis, dataset
from perennial.diagnosis.defect import Trouble
from perennial.diagnosis.facts import DatasetFacts
from perennial_contract.reasons import ProgramReason
from tests.support.perennial.diagnosing import Told, a_subject, told
from tests.support.perennial.doctoring import rows

URI = "s3://data/train.csv"


def looked(data: bytes, size: int = 0, **sections: Any) -> Diagnosis:
    return dataset(a_subject(**sections), DatasetFacts(data, size or len(data)))


def found(data: bytes, size: int = 0, **sections: Any) -> list[Told]:
    return told(looked(data, size, **sections).findings)


def at(uri: str, **more: str) -> dict[str, Any]:
    return {"dataset": {"uri": uri, "label": "income", **more}}


def test_a_dataset_as_it_should_be_gives_the_features_of_a_first_model() -> None:
    seen = looked(rows())
    assert (told(seen.findings), [each.name for each in seen.features]) == ([], ["age", "job"])


def test_without_a_dataset_there_is_nothing_to_say() -> None:
    assert told(dataset(a_subject(dataset=None), None).findings) == []


def test_a_dataset_that_is_missing_is_told() -> None:
    missing = Trouble("it does not exist", ProgramReason.DATASET_MISSING.remedy)
    assert told(dataset(a_subject(), missing).findings) == [
        Told("error", "spec.dataset.uri", "it does not exist")
    ]


@pytest.mark.parametrize(
    ("data", "sections", "field", "message"),
    [
        (b"", {}, "spec.dataset.uri", f"{URI} is empty"),
        (b"a,income\n1\n", {}, "spec.dataset.uri", "row 1 has 1 values, the header 2"),
        (b"a,income\n", {}, "spec.dataset.uri", f"{URI} holds no rows"),
        (rows(), at(URI, label="x"), "spec.dataset.label", f"{URI} has no column 'x'"),
        (rows(), at(URI, timeColumn="at"), "spec.dataset.timeColumn", f"{URI} has no column 'at'"),
        (
            rows(),
            at(URI, timeColumn="job"),
            "spec.dataset.timeColumn",
            "row 1: column 'job' holds 'job-0', which is not a time",
        ),
        (
            rows().replace(b">50K", b"rich"),
            {},
            "spec.schema.label",
            "row 2: column 'income' holds 'rich', which is neither '>50K' nor '<=50K'",
        ),
        (b"PAR1", at("s3://data/train.parquet"), "spec.dataset.uri", "s3://data/train.parquet"),
        (b"no gzip", at("s3://data/train.csv.gz"), "spec.dataset.uri", "s3://data/train.csv.gz"),
    ],
)
def test_what_the_trainer_would_refuse_is_told_at_its_field(
    data: bytes, sections: dict[str, Any], field: str, message: str
) -> None:
    ((severity, where, what),) = found(data, **sections)
    assert (severity, where, what[: len(message)]) == ("error", field, message)


def test_each_column_that_can_be_no_feature_is_told_with_what_leaves_it_out() -> None:
    lines = rows().decode().splitlines()
    table = [f"{lines[0]},ip,note", *(f"{line},i{n}," for n, line in enumerate(lines[1:], 1))]
    seen = looked("\n".join(table).encode())
    assert told(seen.findings) == [
        Told(
            "error",
            "spec.schema",
            "column ip holds 1000 different texts in 1000 rows, such as 'i1': declare it as a"
            " Category, or exclude it",
        ),
        Told("error", "spec.schema", "column note holds no value in any row: exclude it"),
    ]
    assert seen.findings[1].remedy == (
        "Leave it out (schema.exclude: [note]), or declare what it is in schema.features."
    )
    assert [each.name for each in seen.features] == ["age", "job"]


@pytest.mark.parametrize(
    ("count", "field"), [(599, "spec.promotion.minJudged"), (600, ""), (1000, "")]
)
def test_rows_must_be_enough_to_judge_a_first_model(count: int, field: str) -> None:
    assert [each.field for each in found(rows(count))] == ([field] if field else [])


def test_both_classes_must_be_there() -> None:
    one = rows().replace(b"<=50K", b">50K")
    ((severity, field, message),) = found(one)
    assert (severity, field) == ("warning", "spec.dataset.uri")
    assert message.startswith("1000 rows (1000 of >50K, 0 of <=50K) are too few")


LIMITED = {"resources": {"limits": {"memory": "1Mi"}}}


def test_a_dataset_of_more_bytes_than_the_trainer_may_have_is_told() -> None:
    assert found(rows(), 2**20, trainer=LIMITED)[:1] == [
        Told(
            "error",
            "spec.dataset.uri",
            "the dataset has 1,048,576 bytes, and the trainer's memory is limited to 1Mi: an"
            " attempt reads all of it",
        )
    ]


def test_of_a_large_one_the_first_whole_rows_are_looked_at() -> None:
    part = rows()[:-3]
    assert found(part, 10**9) == [
        Told("unseen", "spec.dataset.uri", f"of {URI} only the first 999 rows were looked at")
    ]
    assert found(part.replace(b"<=50K", b"poor"), 10**9)[0].field == "spec.schema.label"
    packed = gzip.compress(rows(20_000))
    ((severity, _, message),) = found(packed[: len(packed) // 2], len(packed), **at(f"{URI}.gz"))
    assert (severity, message.rpartition("first")[0]) == ("unseen", f"of {URI}.gz only the ")


def test_a_large_dataset_in_the_order_of_its_labels_is_no_fault() -> None:
    lines = rows().splitlines(keepends=True)
    ordered = b"".join(line for line in lines if not line.endswith(b",>50K\r\n"))

    assert found(ordered, 10_000_000, schema={}) == [
        Told(
            "unseen",
            "spec.dataset.label",
            f"the first rows of {URI} hold one label: the others were not looked at",
        )
    ]
    ((severity, _, message),) = found(ordered, schema={})
    assert (severity, "holds 1 value, '<=50K'" in message) == ("error", True)


def test_of_a_large_parquet_nothing_can_be_said() -> None:
    uri = "s3://data/train.parquet"
    assert found(b"PAR1", 10**9, **at(uri)) == [
        Told(
            "unseen",
            "spec.dataset.uri",
            f"{uri} has 1,000,000,000 bytes: it is too large to be looked into here",
        )
    ]


def test_of_a_small_file_that_unpacks_to_much_the_beginning_is_looked_at() -> None:
    line = f"1,{'j' * 1000},>50K\n".encode()
    packed = gzip.compress(b"age,job,income\n" + line * 10_000)
    ((severity, field, message),) = found(packed, **at(f"{URI}.gz"))
    assert (severity, field) == ("unseen", "spec.dataset.uri")
    assert message.startswith(f"of {URI}.gz only the first ")


def test_of_a_parquet_file_with_millions_of_values_nothing_can_be_said() -> None:
    same = pa.array([1]).take(pa.array([0] * 1_000_000))
    file = io.BytesIO()
    pq.write_table(pa.table({f"c{n}": same for n in range(6)}), file)
    assert [each[:2] for each in found(file.getvalue(), **at("s3://data/train.parquet"))] == [
        ("unseen", "spec.dataset.uri")
    ]
