import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from perennial_contract.runtime.folder import FolderStore
from perennial_contract.runtime.objects import BucketMissing, Put, StorageRefused, StoreError
from tests.support.contract.writers import content, endless, race

KEY, OURS, ANOTHERS = "observations/t/0/1.parquet", b"ours", b"another's"
NOBODY: Final = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a folder for the bucket, in a folder with a name of all sorts."""
    made = tmp_path / "my folder #1 + 100% é?"
    (made / "bucket").mkdir(parents=True)
    return made


def store(folder: Path, bucket: str = "bucket", prefix: str = "ns/name") -> FolderStore:
    return FolderStore(folder, bucket, prefix)


def files(folder: Path) -> list[str]:
    """All that lies in it, empty folders too."""
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*"))


def test_an_object_is_a_file_below_bucket_and_prefix_and_nothing_else_is_left(folder: Path) -> None:
    store(folder).put_new("a/b", OURS)
    store(folder).put_new("a/b", ANOTHERS)

    assert (folder / "bucket/ns/name/a/b").read_bytes() == OURS
    assert files(folder / "bucket") == ["ns", "ns/name", "ns/name/a", "ns/name/a/b"]


def test_the_folders_that_a_deleted_object_leaves_empty_go_with_it(folder: Path) -> None:
    store(folder).put_new("a/b", OURS)
    store(folder).put_new("a/c/d", OURS)

    store(folder).delete("a/c/d")
    assert files(folder / "bucket/ns/name") == ["a", "a/b"]
    store(folder).delete("a/b")
    assert files(folder) == ["bucket"]


def test_an_empty_folder_is_none(folder: Path) -> None:
    (folder / "bucket/ns/name/attempts/1").mkdir(parents=True)

    assert list(store(folder).folders("attempts/")) == []


calls: list[Callable[[FolderStore, str], object]] = [
    lambda store, key: store.get(key),
    lambda store, key: store.put_new(key, OURS),
    lambda store, key: store.delete(key),
]
every_call: list[Callable[[FolderStore, str], object]] = [
    *calls,
    lambda store, _: list(store.list("")),
    lambda store, _: list(store.folders("")),
    lambda store, _: store.probe(),
]


@pytest.mark.parametrize("call", calls)
@pytest.mark.parametrize(
    "key",
    ["", "/x", "x/", "a//b", ".", "..", "../x", "a/../x", "a/..", "x#1", "a\nb", "a\0b", "\ud800"],
)
def test_a_key_that_is_no_file_below_the_bucket_is_refused(
    folder: Path, key: str, call: Callable[[FolderStore, str], object]
) -> None:
    before = files(folder.parent)
    for prefix in ("", "ns"):
        with pytest.raises(StorageRefused, match=r"bucket"):
            call(store(folder, prefix=prefix), key)

    assert files(folder.parent) == before


@pytest.mark.parametrize("bucket", ["..", "../bucket", "a/b", ".", ""])
def test_a_bucket_that_is_no_folder_in_the_folder_is_refused(folder: Path, bucket: str) -> None:
    with pytest.raises(
        StorageRefused, match=rf"bucket '{bucket}' cannot be a folder in {folder.parent}"
    ):
        store(folder, bucket)


def test_a_prefix_that_leaves_the_bucket_is_refused(folder: Path) -> None:
    (folder / "other").mkdir()
    (folder / "other/x").write_bytes(ANOTHERS)
    beside = store(folder, prefix="../other")

    for call in calls:
        with pytest.raises(StorageRefused, match="cannot be a file in folder"):
            call(beside, "x")
    for listed in (beside.list(""), beside.folders("")):
        with pytest.raises(StorageRefused, match="holds no such key"):
            list(listed)


def test_a_bucket_that_goes_is_missing_and_not_made_anew_until_it_is_back(folder: Path) -> None:
    opened = store(folder)
    opened.put_new(KEY, OURS)
    (folder / "bucket").rename(folder / "away")

    with pytest.raises(BucketMissing, match=r"folder .*/bucket does not exist"):
        opened.put_new(KEY, OURS)
    assert not (folder / "bucket").exists()

    (folder / "away").rename(folder / "bucket")
    assert opened.put_new(KEY, OURS) is Put.SAME


def test_a_file_is_no_bucket(folder: Path) -> None:
    (folder / "file").write_bytes(b"")

    with pytest.raises(BucketMissing, match=r"folder .*/file does not exist"):
        store(folder, "file").get(KEY)


@contextmanager
def as_nobody(folder: Path, mode: int) -> Iterator[None]:
    """Whoever is not root, in a folder of that mode."""
    folder.chmod(mode)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_folder_that_may_not_be_written_is_refused_and_can_be_read() -> None:
    with TemporaryDirectory() as folder:  # pytest's own lets in no other user
        bucket = Path(folder) / "bucket"
        bucket.mkdir()
        Path(folder).chmod(0o755)
        opened = store(Path(folder))
        opened.put_new(KEY, OURS)

        with as_nobody(bucket, 0o555):
            assert opened.get(KEY) == OURS
            assert list(opened.list("")) == [KEY]
            for write in (
                opened.probe,
                lambda: opened.put_new("x", OURS),
                lambda: opened.delete(KEY),
            ):
                with pytest.raises(StorageRefused, match=rf"{bucket} does not let this .*denied"):
                    write()


def test_a_folder_that_may_not_be_entered_is_refused() -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "bucket").mkdir()
        opened = store(Path(folder))
        with as_nobody(Path(folder), 0o000):
            for call in every_call:
                with pytest.raises(StorageRefused, match=f"{folder}/bucket does not let this"):
                    call(opened, KEY)


def test_a_disk_that_takes_no_more_is_told_and_nothing_is_left_of_the_write(folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StoreError, match=r"bucket cannot be used: .*\(os error") as told:
            store(folder).put_new(KEY, b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert told.value.reason == "StorageUnavailable"
    assert files(folder) == ["bucket", "bucket/.staging"]
    assert store(folder).put_new(KEY, b"x" * 2000) is Put.WRITTEN


@pytest.mark.parametrize(("first", "second"), [("a/b", "a"), ("a", "a/b")])
def test_a_key_that_is_a_folder_of_anothers_is_told(folder: Path, first: str, second: str) -> None:
    store(folder).put_new(first, OURS)

    with pytest.raises(StoreError, match=r"objects lie below it|Not a directory"):
        store(folder).put_new(second, OURS)
    assert list(store(folder).list("")) == [first]


def test_what_a_killed_write_left_is_no_object_and_goes_after_an_hour(folder: Path) -> None:
    whole = store(folder, prefix="")
    staging = folder / "bucket/.staging"
    staging.mkdir()
    for name, age in (("old", 3601), ("old#1", 3601), ("new#1", 60)):
        (staging / name).write_bytes(OURS)
        os.utime(staging / name, (time.time() - age,) * 2)

    assert (list(whole.list("")), list(whole.folders(""))) == ([], [])
    with pytest.raises(StorageRefused, match="cannot be a file"):
        whole.get(".staging/old")
    whole.probe()

    assert files(folder / "bucket") == [".staging", ".staging/new#1"]


def test_the_bytes_are_on_the_disk_before_the_key_and_both_before_it_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bytes | None]] = []

    def fsync(descriptor: int) -> None:
        at = Path(f"/proc/self/fd/{descriptor}").readlink()
        place = (at.parent if at.is_file() else at).relative_to(folder / "bucket")
        synced.append((str(place), store(folder).get("a/b")))

    monkeypatch.setattr(os, "fsync", fsync)
    store(folder).put_new("a/b", OURS)
    assert synced == [(".staging", None), ("ns/name/a", OURS)]

    assert store(folder).put_new("a/b", OURS) is Put.SAME  # as after a writer's death
    assert synced[2:] == [(".staging", OURS), ("ns/name/a", OURS)]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ([OURS, ANOTHERS, b"a third's"], [Put.TAKEN, Put.TAKEN, Put.WRITTEN]),
        ([OURS, OURS, OURS], [Put.SAME, Put.SAME, Put.WRITTEN]),
    ],
)
def test_of_processes_that_write_one_key_at_once_one_has_written_it(
    folder: Path, written: list[bytes], told: list[Put]
) -> None:
    found = race(folder, "bucket", 50, written)

    assert [sorted(each, key=lambda put: put.value) for each in found] == [
        sorted(told, key=lambda put: put.value)
    ] * 50
    for key, each in enumerate(found):
        assert store(folder, prefix="").get(f"{key}") == written[each.index(Put.WRITTEN)]


def test_a_process_killed_while_it_writes_leaves_whole_objects_alone(folder: Path) -> None:
    bucket = store(folder, prefix="")
    for n in range(5):
        first = 10**6 * (n + 1)
        with endless(folder, "bucket", first) as writer:
            while bucket.get(f"{first + 2}") is None:
                assert writer.is_alive()
        keys = list(bucket.list("", f"{first}"))
        assert len(keys) >= 2
        assert all(bucket.get(key) == content(key) for key in keys)
