import gzip
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perennial_contract.resource.schema import Schema
from perennial_contract.resource.training import Dataset
from perennial_model.refusals import DataRefused
from perennial_trainer.data.dataset import read

SCHEMA = Schema.model_validate(
    {"label": {"positive": ">50K", "negative": "<=50K", "aliases": {">50K.": ">50K"}}}
)
CSV = b"age,when,income\n39,3,<=50K\n50,1,>50K.\n38,2, >50K \n"


def a_dataset(uri: str = "s3://d/train.csv", time_column: str = "") -> Dataset:
    return Dataset(uri=uri, label="income", time_column=time_column)


def test_a_csv_becomes_records_and_labels_in_the_order_of_its_time_column() -> None:
    base = read(CSV, a_dataset(time_column="when"), SCHEMA)

    assert base.records == [{"age": "50"}, {"age": "38"}, {"age": "39"}]
    assert base.labels.tolist() == [1, 1, 0]
    assert base.as_read == [{"age": "39"}, {"age": "50"}, {"age": "38"}]


def test_without_a_time_column_the_order_is_shuffled_and_always_the_same() -> None:
    data = b"age,income\n" + b"".join(b"%d,>50K\n" % i for i in range(100))

    first, again = (read(data, a_dataset(), SCHEMA) for _ in range(2))

    assert first.records == again.records
    assert first.records != first.as_read
    assert sorted(int(r["age"]) for r in first.records) == list(range(100))


def test_a_gzipped_csv_is_read() -> None:
    plain = read(CSV, a_dataset(time_column="when"), SCHEMA)
    packed = read(gzip.compress(CSV), a_dataset("s3://d/train.csv.gz", "when"), SCHEMA)

    assert packed.records == plain.records


def test_a_parquet_file_keeps_its_types() -> None:
    out = io.BytesIO()
    table = pa.table({"age": [39, None], "job": ["a", "b"], "income": [">50K", "<=50K"]})
    pq.write_table(table, out)

    base = read(out.getvalue(), a_dataset("s3://d/train.parquet"), SCHEMA)

    assert base.as_read == [{"age": 39, "job": "a"}, {"age": None, "job": "b"}]
    assert sorted(base.labels.tolist()) == [0, 1]


def test_times_may_be_iso_texts() -> None:
    data = b"age,when,income\n1,2026-01-02,>50K\n2,2026-01-01T23:00:00Z,<=50K\n"

    base = read(data, a_dataset(time_column="when"), SCHEMA)

    assert [r["age"] for r in base.records] == ["2", "1"]


def test_a_declared_feature_with_a_path_stands_where_events_have_it() -> None:
    features = [{"name": "job", "type": "Category", "path": "person.job.title"}]
    schema = SCHEMA.model_validate(SCHEMA.model_dump() | {"features": features})

    base = read(b"job,age,income\nclerk,39,>50K\n", a_dataset(), schema)

    assert base.records == [{"person": {"job": {"title": "clerk"}}, "age": "39"}]


@pytest.mark.parametrize(
    ("data", "uri", "says"),
    [
        (b"", "s3://d/a.csv", "s3://d/a.csv is empty"),
        (b"age,income\n", "s3://d/a.csv", "s3://d/a.csv holds no rows"),
        (b"age,label\n1,>50K\n", "s3://d/a.csv", "s3://d/a.csv has no column 'income'"),
        (b"age,age,income\n1,2,>50K\n", "s3://d/a.csv", "column 'age' occurs twice"),
        (b"age,income\n1,>50K\n1,2,3\n", "s3://d/a.csv", "row 2 has 3 values, the header 2"),
        (b"age,income\n1,>50K\n1,maybe\n", "s3://d/a.csv", "row 2: column 'income' holds 'maybe'"),
        (b"\xff\xfe\x00", "s3://d/a.csv", "s3://d/a.csv cannot be read"),
        (b"no gzip", "s3://d/a.csv.gz", "s3://d/a.csv.gz cannot be read"),
        (gzip.compress(CSV, mtime=0)[:-9], "s3://d/a.csv.gz", "s3://d/a.csv.gz cannot be read"),
        (b"PAR1", "s3://d/a.parquet", "s3://d/a.parquet cannot be read"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(data: bytes, uri: str, says: str) -> None:
    with pytest.raises(DataRefused, match=says.replace(".", r"\.")):
        read(data, a_dataset(uri), SCHEMA)


def a_parquet(*columns: pa.Array) -> bytes:
    """Columns a, b, ... of a file."""
    out = io.BytesIO()
    pq.write_table(pa.table(list(columns), names=list("abc"[: len(columns)])), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (pa.array([1 << 60], pa.timestamp("us")), "out of range"),
        (pa.array([1], pa.timestamp("us", tz="Nowhere/Land")), "zoneinfo"),
        (pa.array([b"\xff"]).cast(pa.string(), safe=False), "utf-8"),
    ],
)
def test_a_parquet_value_that_python_cannot_hold_is_refused_by_column(
    column: pa.Array, why: str
) -> None:
    data = a_parquet(pa.array([1]), column)

    with pytest.raises(DataRefused, match=rf"column 'b' of s3://d/a\.parquet .*{why}"):
        read(data, a_dataset("s3://d/a.parquet"), SCHEMA)


@pytest.mark.parametrize("time", ["nan", "inf", "-inf", "1e999"])
def test_a_time_that_is_not_finite_is_refused_by_name(time: str) -> None:
    data = f"when,income\n1,>50K\n{time},>50K\n".encode()

    with pytest.raises(
        DataRefused, match=f"row 2: column 'when' holds '{time}', which is not a time"
    ):
        read(data, a_dataset(time_column="when"), SCHEMA)


def test_a_row_without_a_time_is_refused_by_name() -> None:
    with pytest.raises(DataRefused, match="row 2: column 'when' holds 'noon', which is not a time"):
        read(b"when,income\n1,>50K\nnoon,>50K\n", a_dataset(time_column="when"), SCHEMA)


def test_labels_are_ones_and_zeros() -> None:
    base = read(CSV, a_dataset(), SCHEMA)

    assert base.labels.dtype == np.float64
    assert sorted(base.labels.tolist()) == [0, 1, 1]
