"""Both adapters of the store port do the same: S3, as a fake and in earnest, and a folder."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial_contract.runtime.objects import BucketMissing, Put
from tests.support.contract.stores import (
    ADAPTERS,
    AnyStore,
    OpenStore,
    in_folder,
    on_fake,
    remove_bucket,
)
from tests.support.servers import S3, S3_USER, need

KEY, OURS, ANOTHERS = "observations/t/0/1.parquet", b"ours", b"another's"


@pytest.fixture(
    params=[
        pytest.param(name, marks=[pytest.mark.integration] if name == "S3" else [])
        for name in ADAPTERS
    ]
)
def opened(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenStore]:
    if request.param == "S3":
        need(request, "S3", S3)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, S3_USER)
    found = ADAPTERS[request.param](tmp_path)
    yield found
    for key in list(found(prefix="").list("")):
        found(prefix="").delete(key)
    if request.param == "S3":
        remove_bucket(tmp_path)


def test_an_object_lies_below_its_prefix(opened: OpenStore) -> None:
    assert opened().put_new(KEY, OURS) is Put.WRITTEN

    assert opened().get(KEY) == OURS
    assert opened(prefix="").get(f"ns/name/{KEY}") == OURS
    assert list(opened(prefix="").list("")) == [f"ns/name/{KEY}"]
    assert opened(prefix="ns/name2").get(KEY) is None


def test_an_object_is_written_once_and_the_same_bytes_are_told_from_anothers(
    opened: OpenStore,
) -> None:
    opened().put_new(KEY, ANOTHERS)

    assert opened().put_new(KEY, OURS) is Put.TAKEN
    assert opened().put_new(KEY, ANOTHERS) is Put.SAME
    assert opened().get(KEY) == ANOTHERS


def test_an_object_may_be_empty(opened: OpenStore) -> None:
    assert opened().put_new(KEY, b"") is Put.WRITTEN
    assert opened().put_new(KEY, b"") is Put.SAME
    assert opened().put_new(KEY, OURS) is Put.TAKEN
    assert opened().get(KEY) == b""


def test_what_was_deleted_is_none_and_may_be_written_again(opened: OpenStore) -> None:
    opened().put_new(KEY, ANOTHERS)
    opened().delete(KEY)

    assert opened().get(KEY) is None
    assert list(opened().list("")) == []
    assert opened().put_new(KEY, OURS) is Put.WRITTEN


@pytest.mark.parametrize("absent", [KEY, "observations", f"{KEY}/below"])
def test_what_is_no_object_is_none_and_can_be_deleted(opened: OpenStore, absent: str) -> None:
    if absent != KEY:
        opened().put_new(KEY, OURS)

    assert opened().get(absent) is None
    opened().delete(absent)

    assert list(opened().list("")) == [each for each in [KEY] if each != absent]


def test_keys_come_in_the_order_of_their_bytes_after_one_that_need_not_be_there(
    opened: OpenStore,
) -> None:
    keys = ["models/a-b/x", "models/a.b/x", "models/a/x", "models/a0", "models/b", "models/é"]
    for key in [*reversed(keys), "model", "modelsx", "observations/1"]:
        opened().put_new(key, OURS)

    assert list(opened().list("models/")) == keys
    assert list(opened().list("models/a")) == keys[:4]
    assert list(opened().list("models/", "models/a.b/x")) == keys[2:]
    assert list(opened().list("models/", "models/a/")) == keys[2:]
    assert list(opened().list("models/", "models/a/z")) == keys[3:]
    assert list(opened().list("attempts/")) == []


def test_folders_are_listed_once_each_if_objects_lie_below_them(opened: OpenStore) -> None:
    names = ["1-a/b", "1/inputs.json", "1/verdict.json", "10/inputs.json", "2/trials/a"]
    for name in [*names, "3/gone", "beside.json"]:
        opened().put_new(f"attempts/{name}", OURS)
    opened().delete("attempts/3/gone")

    assert list(opened().folders("attempts/")) == ["1-a", "1", "10", "2"]
    assert list(opened().folders("")) == ["attempts"]
    assert list(opened(prefix="").folders("")) == ["ns"]
    assert list(opened().folders("models/")) == []


def test_many_objects_come_in_the_order_of_their_keys_which_are_taken_as_objects_are(
    opened: OpenStore,
) -> None:
    for n in range(0, 30, 3):
        opened().put_new(f"{n}", f"{n}".encode())
    taken: list[str] = []

    def keys() -> Iterator[str]:
        for n in range(30):
            taken.append(f"{n}")
            yield f"{n}"

    many = opened().get_many(keys())
    assert next(many) == ("0", b"0")
    assert len(taken) <= 8
    assert list(many) == [(f"{n}", None if n % 3 else f"{n}".encode()) for n in range(1, 30)]


def test_a_probe_leaves_nothing(opened: OpenStore) -> None:
    opened().probe()

    assert list(opened(prefix="").list("")) == []


calls: list[Callable[[AnyStore], object]] = [
    lambda store: store.get(KEY),
    lambda store: list(store.get_many([KEY])),
    lambda store: store.put_new(KEY, OURS),
    lambda store: list(store.list("")),
    lambda store: list(store.folders("")),
    lambda store: store.delete(KEY),
    lambda store: store.probe(),
]


@pytest.mark.parametrize("call", calls)
def test_a_missing_bucket_is_named(opened: OpenStore, call: Callable[[AnyStore], object]) -> None:
    with pytest.raises(BucketMissing, match="nowhere does not exist"):
        call(opened("nowhere"))


# A folder's name never ends as a file's does: in a folder no key can be a folder of another's.
FOLDERS = st.sampled_from(["a", "a-b", "a.b", "a0", "b", "é", "a b", "%61"])
KEYS = st.builds(
    "/".join,
    st.lists(FOLDERS, max_size=2).flatmap(
        lambda above: st.sampled_from(["x.o", "y.o", "x-.o", "ü.o"]).map(lambda end: [*above, end])
    ),
)
PREFIXES = KEYS.flatmap(lambda key: st.integers(0, len(key)).map(lambda end: key[:end]))
CALLS = st.one_of(
    st.tuples(st.just("put_new"), KEYS, st.sampled_from([b"", OURS, ANOTHERS])),
    st.tuples(st.just("get"), KEYS),
    st.tuples(st.just("delete"), KEYS),
    st.tuples(st.just("list"), PREFIXES, st.just("") | PREFIXES),
    st.tuples(st.just("folders"), PREFIXES),
    st.tuples(st.just("get_many"), st.lists(KEYS, max_size=5)),
)


def answer(store: AnyStore, name: str, *arguments: Any) -> object:
    found = getattr(store, name)(*arguments)
    return list(found) if isinstance(found, Iterator) else found


@given(st.lists(CALLS, max_size=12), st.sampled_from(["", "ns/name", "é"]))
@settings(max_examples=60)
def test_any_calls_are_answered_alike_by_both(said: list[tuple[Any, ...]], prefix: str) -> None:
    with TemporaryDirectory() as folder:
        s3, files = on_fake(Path())(prefix=prefix), in_folder(Path(folder))(prefix=prefix)
        for call in said:
            assert answer(files, *call) == answer(s3, *call), call
