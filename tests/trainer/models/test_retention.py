"""Retention: which models are deleted."""

from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.objects.bundle import FILES, MANIFEST, key
from perennial_trainer.models.retention import prune, surplus
from tests.fakes.objects import FakeObjects

NUMBERS = st.lists(st.integers(1, 60), unique=True, max_size=30)


def version(number: int) -> str:
    return f"v{number}-{number:08x}"


def whole(number: int) -> list[str]:
    return [key(version(number), file) for file in (*FILES, MANIFEST)]


def test_the_newest_stay_by_the_number_of_their_attempt() -> None:
    keys = sorted(name for number in (2, 9, 10, 30) for name in whole(number))

    assert surplus(keys, 2, [], 31) == {
        version(2): [MANIFEST, *FILES],
        version(9): [MANIFEST, *FILES],
    }


def test_what_somebody_may_serve_stays() -> None:
    keys = [name for number in range(1, 6) for name in whole(number)]

    gone = surplus(keys, 2, [version(1), "", "v2-ffffffff"], 6)

    assert list(gone) == [version(2), version(3)]


def test_what_is_no_versions_is_left_alone() -> None:
    keys = [
        "models/v1/manifest.json",
        "models/v01-0000abcd/manifest.json",
        "models/v1-0000ABCD/manifest.json",
        "models/readme.txt",
        "models/v1-0000abcd/notes.txt",
        "models/v1-0000abcd/old/manifest.json",
        *whole(2),
        *whole(3),
    ]

    assert surplus(keys, 1, [], 4) == {version(2): [MANIFEST, *FILES]}


def test_what_a_deletion_left_behind_goes_and_what_is_being_published_does_not() -> None:
    left, published = whole(3)[:2], whole(8)[:3]

    assert surplus([*left, *published, *whole(4)], 2, [], 8) == {version(3): list(FILES[:2])}


def test_the_manifest_of_a_version_goes_first_and_the_oldest_version_first() -> None:
    store = FakeObjects()
    for number in (1, 2, 3, 4):
        for name in whole(number):
            store.put_new(name, b"")

    prune(store, 2, [], 5)

    assert store.deleted == [
        key(version(number), file) for number in (1, 2) for file in (MANIFEST, *FILES)
    ]
    assert sorted(store.objects) == sorted(whole(3) + whole(4))


@given(NUMBERS, NUMBERS, st.integers(2, 20))
def test_neither_the_newest_nor_the_kept_ever_go(
    there: list[int], kept: list[int], versions: int
) -> None:
    keys = [name for number in there for name in whole(number)]
    newest = sorted(there)[-versions:]

    gone = surplus(keys, versions, [version(number) for number in kept], 61)

    assert set(gone) == {version(number) for number in {*there} - {*newest} - {*kept}}
