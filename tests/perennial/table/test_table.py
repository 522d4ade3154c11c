import csv
import gzip
import io
from itertools import repeat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.table.csv_lines import LINE, TableRefused
from perennial.table.table import plain, read
from perennial.world.dataset import as_csv
from perennial.world.rows import Row
from perennial_contract.resource.schema import BinaryLabel

ROWS = ["1,a,yes", "2,b,no", "3,a,no"]


def a_file(folder: Path, *lines: str, name: str = "my data.csv") -> Path:
    path = folder / name
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode())
    return path


def test_rows_come_in_the_order_of_the_file_and_numbers_are_numbers(tmp_path: Path) -> None:
    table = read(a_file(tmp_path, "n,letter,bought", *ROWS), "bought")

    assert table.columns == ("n", "letter")
    assert table.classes == BinaryLabel(positive="yes", negative="no")
    assert table.rows == [
        Row({"n": 1, "letter": "a"}, "yes"),
        Row({"n": 2, "letter": "b"}, "no"),
        Row({"n": 3, "letter": "a"}, "no"),
    ]
    assert not table.cut


def test_a_packed_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = a_file(tmp_path, "n,letter,bought", *ROWS)
    packed = tmp_path / "packed.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))

    assert read(packed, "bought").rows == read(path, "bought").rows


def test_the_header_tells_the_delimiter_and_a_byte_order_mark_is_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('\ufeff"n";"letter";"bought"\n1;"a, b";no\n2;c;yes\n')

    assert read(path, "bought").rows[0] == Row({"n": 1, "letter": "a, b"}, "no")


def test_only_so_many_rows_are_streamed(tmp_path: Path) -> None:
    table = read(a_file(tmp_path, "n,letter,bought", *ROWS), "bought", most=2)

    assert len(table.rows) == 2
    assert table.cut


def test_of_a_wide_or_a_large_file_fewer_rows_are_used_and_the_rest_is_not_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "large.csv.gz"
    with gzip.open(path, "wt", compresslevel=1) as large:
        large.write("n,text,label\n")
        for number in range(1_000):
            large.write(f"{number},{'x' * 100},{'ab'[number % 2]}\n")
        large.write("what can be no row")

    of_cells = read(path, "label", cells=300)
    of_text = read(path, "label", characters=50_000)

    assert (len(of_cells.rows), of_cells.cut) == (100, True)
    assert 400 < len(of_text.rows) < 500
    assert of_text.cut


@pytest.mark.parametrize("before", ["", "n,label\n"])
def test_a_line_without_an_end_is_refused(before: str, tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    path.write_text(before + "1," * (LINE // 2 + 1))

    with pytest.raises(TableRefused, match=r"line [12] has 1,000,000 characters or more"):
        read(path, "label")


@pytest.mark.parametrize(
    ("labels", "positive", "negative"),
    [
        (["0", "1", "1"], "1", "0"),
        (["1.0", "2", "2"], "2", "1"),
        (["True", "False", "True"], "True", "False"),
        (["10", "9", "9"], "10", "9"),
        (["up", "down", "up"], "up", "down"),
        (["b", "a"], "b", "a"),
        ([" yes ", "no", "yes"], "yes", "no"),
    ],
)
def test_the_positive_class_is_the_second_in_sorted_order_numbers_by_number(
    labels: list[str], positive: str, negative: str, tmp_path: Path
) -> None:
    path = a_file(tmp_path, "n,label", *(f"{n},{label}" for n, label in enumerate(labels)))

    assert read(path, "label").classes == BinaryLabel(positive=positive, negative=negative)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "my data.csv is empty"),
        (["", "1,2"], "has no header"),
        (["n,label"], "holds a header and no rows"),
        (["n,other", "1,a"], "has no column 'label'; its columns are n, other"),
        (["label", "a", "b"], "no column but 'label'"),
        (["n,label", "1,a", "2"], "line 3: 1 values, the header has 2"),
        (["n,label", "1,a", "2,b,c"], "line 3: 3 values, the header has 2"),
        (["n,label", "1,a", "2,"], "line 3: there is no label in column 'label'"),
        (["n,label", "1,a", "2,a"], "holds only 'a': a label needs two values"),
        (["n,label", "1,a", "2,b", "3,c"], "holds 3 values, 'a', 'b', 'c': a label needs two"),
        (["n,label", *(f"1,{n}" for n in range(10, 30))], "and 12 more: a label needs two"),
        (["n,n,label", "1,2,a"], "column 'n' stands twice"),
        (["n,,label", "1,2,a"], "column 2 of the header has no name"),
        (["n,label", '1,"a', "2,b"], "line 3: unexpected end of data"),
        (["n,label", f"1,{'a' * 300}", "2,b"], "a text of 300 characters"),
        (["n" * 300 + ",label", "1,a"], "the name of column 1 has 300 characters"),
    ],
)
def test_a_file_that_cannot_be_streamed_is_refused_with_the_place(
    lines: list[str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(TableRefused, match=r"my data\.csv|column") as refused:
        read(a_file(tmp_path, *lines), "label")

    assert said in str(refused.value)


def test_without_a_label_the_columns_are_named(tmp_path: Path) -> None:
    path = a_file(tmp_path, "n,letter,bought", *ROWS)

    with pytest.raises(TableRefused, match=r"LABEL=\.\.\.: its columns are n, letter, bought"):
        read(path, "")


def test_of_many_columns_some_are_named(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(1_000)]

    with pytest.raises(TableRefused, match=r"no column 'label'; .* c23 and 976 more$"):
        read(a_file(tmp_path, ",".join(names)), "label")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"n,label\n1,\xff\xfe\n", "is no text in UTF-8"),
        (gzip.compress(b"n,label\n" + b"1,a\n" * 999, mtime=0)[:-9], "cannot be read"),
        (b"\x1f\x8b nonsense", "cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_with_its_name(
    content: bytes | None, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(TableRefused, match=said) as refused:
        read(path, "label")
    assert str(path) in str(refused.value)


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(TableRefused, match="Is a directory"):
        read(tmp_path, "label")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])))
def test_a_cell_loses_nothing_but_blanks(cell: str) -> None:
    value = plain(cell)

    assert (cell.strip() if value is None else str(value)) == cell.strip()
    assert (value is None) == (not cell.strip())


@given(st.lists(st.one_of(st.none(), st.integers(), st.text("abc 0.1-e", min_size=1)), min_size=1))
def test_a_dataset_holds_what_the_stream_holds(cells: list[object]) -> None:
    records = [{"cell": plain("" if cell is None else str(cell))} for cell in cells]
    written = as_csv(map(Row, records, repeat("a")), "label").decode()

    assert [plain(row["cell"]) for row in csv.DictReader(io.StringIO(written))] == [
        record["cell"] for record in records
    ]
