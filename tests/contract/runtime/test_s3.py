import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from perennial_contract.objects.bundle import sha256
from perennial_contract.resource.storage import Storage
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.objects import BucketMissing, Put, StorageRefused, StoreError
from perennial_contract.runtime.s3 import Store
from perennial_contract.runtime.s3_client import connect
from tests.fakes.s3 import CrowdedS3, FakeS3, Fault

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY, OURS, ANOTHERS = "observations/t/0/1.parquet", b"ours", b"another's"


def store(s3: FakeS3, bucket: str = "bucket", prefix: str = "ns/name") -> Store:
    return Store(cast("S3Client", s3), bucket, prefix)


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3("bucket")


def stored(s3: FakeS3) -> dict[str, tuple[bytes, dict[str, str]]]:
    return s3.objects["bucket"]


def test_an_object_lies_below_the_prefix_with_its_digest(s3: FakeS3) -> None:
    assert store(s3).put_new(KEY, OURS) is Put.WRITTEN
    assert stored(s3) == {f"ns/name/{KEY}": (OURS, {"sha256": sha256(OURS)})}
    assert store(s3).get(KEY) == OURS


def test_an_empty_prefix_is_the_bucket_itself(s3: FakeS3) -> None:
    store(s3, prefix="").put_new(KEY, OURS)

    assert list(stored(s3)) == [KEY]


def test_an_object_is_written_once(s3: FakeS3) -> None:
    store(s3).put_new(KEY, ANOTHERS)

    assert store(s3).put_new(KEY, OURS) is Put.TAKEN
    assert store(s3).put_new(KEY, ANOTHERS) is Put.SAME
    assert store(s3).get(KEY) == ANOTHERS


def test_after_a_lost_answer_the_object_is_known_as_ours(s3: FakeS3) -> None:
    s3.faults.extend([Fault.ANSWER_LOST])

    assert store(s3).put_new(KEY, OURS) is Put.SAME
    assert s3.requests == ["PutObject", "PutObject", "HeadObject"]


def test_after_a_lost_answer_an_object_of_another_is_not_taken_for_ours(s3: FakeS3) -> None:
    store(s3).put_new(KEY, ANOTHERS)
    s3.faults.extend([Fault.NEVER_ARRIVED])

    assert store(s3).put_new(KEY, OURS) is Put.TAKEN


@pytest.mark.parametrize(
    "fault", [Fault.NEVER_ARRIVED, "ConditionalRequestConflict", "InternalError", "SlowDown"]
)
def test_a_write_without_a_clear_answer_is_repeated(s3: FakeS3, fault: Fault | str) -> None:
    s3.faults.extend([fault])

    assert store(s3).put_new(KEY, OURS) is Put.WRITTEN
    assert s3.requests == ["PutObject", "PutObject"]


def test_patience_ends(s3: FakeS3) -> None:
    s3.faults.extend([Fault.NEVER_ARRIVED] * 9)

    with pytest.raises(StoreError, match="no clear answer") as error:
        store(s3).put_new(KEY, OURS, patience=0)

    assert error.value.reason == "StorageUnavailable"


def test_whose_an_object_is_stays_open_when_it_cannot_be_asked(s3: FakeS3) -> None:
    store(s3).put_new(KEY, OURS)
    s3.faults.extend([None, Fault.ANSWER_LOST])

    with pytest.raises(StoreError, match="no clear answer"):
        store(s3).put_new(KEY, OURS)


calls: list[Callable[[Store], object]] = [
    lambda store: store.get(KEY),
    lambda store: store.put_new(KEY, OURS),
    lambda store: list(store.list("")),
    lambda store: store.delete(KEY),
    lambda store: store.probe(),
    lambda store: list(store.folders("")),
]


@pytest.mark.parametrize("call", calls)
def test_a_missing_bucket_is_named_at_once(s3: FakeS3, call: Callable[[Store], object]) -> None:
    with pytest.raises(BucketMissing, match="bucket nowhere does not exist"):
        call(store(s3, "nowhere"))

    assert len(s3.requests) <= 1


@pytest.mark.parametrize("call", calls)
@pytest.mark.parametrize(
    "code",
    [
        "AccessDenied",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidTokenId",
    ],
)
def test_refused_credentials_are_named_at_once(
    s3: FakeS3, call: Callable[[Store], object], code: str
) -> None:
    s3.faults.extend([code])

    with pytest.raises(StorageRefused, match=f"bucket bucket: {code}"):
        call(store(s3))

    assert len(s3.requests) == 1


@pytest.mark.parametrize("call", [calls[0], calls[2], calls[3], calls[5]])
def test_reads_and_deletions_are_not_repeated_here(
    s3: FakeS3, call: Callable[[Store], object]
) -> None:
    s3.faults.extend([Fault.NEVER_ARRIVED])

    with pytest.raises(StoreError, match="no clear answer"):
        call(store(s3))


def test_an_absent_object_is_none(s3: FakeS3) -> None:
    assert store(s3).get(KEY) is None


def test_deleting_what_is_not_there_is_fine(s3: FakeS3) -> None:
    store(s3).delete(KEY)

    assert stored(s3) == {}


def test_keys_are_listed_in_order_over_all_pages() -> None:
    s3 = FakeS3("bucket", page=2)
    keys = [f"models/v{n}" for n in range(5)]
    for key in [*reversed(keys), "observations/1"]:
        store(s3).put_new(key, OURS)
    store(s3, prefix="ns/name2").put_new("models/v9", OURS)

    assert list(store(s3).list("models/")) == keys
    assert list(store(s3).list("models/", "models/v2")) == keys[3:]
    assert list(store(s3).list("attempts/")) == []


def test_folders_are_listed_once_each_over_all_pages() -> None:
    s3 = FakeS3("bucket", page=2)
    names = ["1/inputs.json", "1/verdict.json", "10/inputs.json", "2/trials/a", "3/inputs.json"]
    for name in [*names, "beside.json"]:
        store(s3).put_new(f"attempts/{name}", OURS)

    assert list(store(s3).folders("attempts/")) == ["1", "10", "2", "3"]
    assert list(store(s3).folders("")) == ["attempts"]
    assert list(store(s3).folders("models/")) == []


def test_a_list_that_breaks_off_is_no_short_list() -> None:
    s3 = FakeS3("bucket", page=2)
    for n in range(5):
        store(s3).put_new(f"models/v{n}", OURS)
    s3.faults.extend([None, Fault.ANSWER_LOST])

    with pytest.raises(StoreError, match="no clear answer"):
        list(store(s3).list("models/"))


def test_a_server_that_keeps_conditions_passes_the_probe_and_nothing_is_left(s3: FakeS3) -> None:
    store(s3).probe()

    assert stored(s3) == {}


def test_a_server_that_ignores_conditions_is_refused_and_nothing_is_left() -> None:
    s3 = FakeS3("bucket", conditional=False)

    with pytest.raises(StorageRefused, match="If-None-Match"):
        store(s3).probe()

    assert stored(s3) == {}


def test_a_header_that_cannot_be_sent_is_told_without_what_it_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "me")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a t0ken\nwith a line end")
    storage = Storage(
        endpoint="http://127.0.0.1:1", bucket="bucket", secret_ref=SecretReference(name="s3")
    )
    asked = Store(connect(storage, tmp_path), "bucket", "")

    for call in calls:
        with pytest.raises(StorageRefused, match="none that can be sent") as told:
            call(asked)
        assert "t0ken" not in "".join(traceback.format_exception(told.value))


def test_many_objects_come_in_the_order_of_their_keys_with_a_few_asked_for_at_once() -> None:
    s3 = CrowdedS3("bucket", crowd=4)
    stored(s3).update({f"{n}.parquet": (f"{n}".encode(), {}) for n in range(50) if n != 7})
    few = Store(cast("S3Client", s3), "bucket", "", at_once=4).get_many(
        f"{n}.parquet" for n in range(50)
    )

    first = next(few)

    assert (first, s3.asked) == (("0.parquet", b"0"), 4)
    assert list(few) == [
        (f"{n}.parquet", None if n == 7 else f"{n}".encode()) for n in range(1, 50)
    ]
    assert s3.most == 4


def test_what_fails_among_many_objects_is_told_and_ends_the_reading(s3: FakeS3) -> None:
    stored(s3).update({f"{n}": (b"", {}) for n in range(50)})
    s3.faults.extend([None, None, "InternalError"])

    with pytest.raises(StoreError, match="InternalError"):
        list(store(s3, prefix="").get_many(map(str, range(50))))

    assert len(s3.requests) <= 10
