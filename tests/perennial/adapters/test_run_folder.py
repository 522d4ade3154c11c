import fcntl
from pathlib import Path

import pytest

from perennial.adapters.run_folder import FolderRefused, emptied, write_new


def test_what_an_earlier_run_left_is_gone(tmp_path: Path) -> None:
    for name in ("kafka", "objects", "store"):
        (tmp_path / name / "below").mkdir(parents=True)
    (tmp_path / "report.html").write_text("a report")
    assert [each.name for each in emptied(tmp_path).iterdir()] == ["lock"]


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    assert emptied(tmp_path / "a" / "b").is_dir()


def test_what_no_run_made_is_left_alone_and_so_is_all_beside_it(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FolderRefused, match=r"holds thesis\.tex, which no run made"):
        emptied(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {"kafka", "lock", "thesis.tex"}


def test_a_run_that_works_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(FolderRefused, match="another run works in"):
            emptied(tmp_path)
    assert (tmp_path / "objects").is_dir()


def test_what_is_no_folder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(FolderRefused, match="file: File exists"):
        emptied(file)


def test_files_are_written_once(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_new({first: b"1", second: b"2"})
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    third = tmp_path / "third"
    with pytest.raises(FolderRefused, match="second is there already"):
        write_new({third: b"3", second: b"4"})
    assert not third.exists()
    assert second.read_bytes() == b"2"
    with pytest.raises(FolderRefused, match="below: No such file or directory"):
        write_new({tmp_path / "nowhere" / "below": b""})
