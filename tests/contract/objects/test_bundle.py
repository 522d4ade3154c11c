from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.objects.bundle import (
    ENCODER,
    FILES,
    GOLDEN,
    MANIFEST,
    MODEL,
    Bundle,
    BundleBroken,
    Golden,
    Manifest,
    check_file,
    describe,
    from_golden,
    key,
    open_manifest,
    seal,
    sha256,
    to_golden,
    version_number,
)
from perennial_contract.resource.schema import BinaryLabel
from perennial_contract.status import Score

DATA = {MODEL: b"tree\n", ENCODER: b'{"format":1}', GOLDEN: b'{"record":{},"scores":[0.5]}\n'}


def manifest(**changes: object) -> Manifest:
    return Manifest(
        uid="u-1",
        number=7,
        created=datetime(2026, 5, 1, 12, tzinfo=UTC),
        label=BinaryLabel(positive=">50K", negative="<=50K", aliases={">50K.": ">50K"}),
        parent="v6-00000000",
        candidate="search",
        files=describe(DATA),
        schema_digest="d",
        watermark={"t": {"0": 9}},
        dataset={"uri": "s3://b/k.csv", "sha256": "e"},
        rows=5000,
        parameters={"num_leaves": 31, "learning_rate": 0.1},
        seed=3,
        libraries={"lightgbm": "4.6"},
        scores=[Score(candidate="search", loss=0.3, gain=0.01, confidence=0.9)],
        score=0.3,
    ).model_copy(update=changes)


def test_a_bundle_is_named_by_its_attempt_and_its_manifest() -> None:
    bundle, data = seal(manifest(), DATA)

    digest = sha256(data)
    assert bundle == Bundle(f"v7-{digest[:8]}", digest, manifest(), DATA)
    assert key(bundle.version, MODEL) == f"models/v7-{digest[:8]}/model.txt"
    assert version_number(bundle.version) == 7


def test_the_same_bundle_has_the_same_bytes() -> None:
    assert seal(manifest(), DATA) == seal(manifest(), DATA)


def test_a_manifest_is_read_as_it_was_written() -> None:
    bundle, data = seal(manifest(), DATA)

    assert open_manifest(bundle.version, data) == manifest()
    assert {name: check_file(manifest(), name, DATA[name]) for name in FILES} == DATA


def broken_in_one_place(data: bytes) -> list[bytes]:
    flipped = [
        data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        for at in range(len(data))
        for bit in range(8)
    ]
    return [*(data[:length] for length in range(len(data))), data + b"\n", *flipped]


@pytest.mark.parametrize("name", FILES)
def test_every_truncation_and_every_flipped_bit_of_a_file_is_found(name: str) -> None:
    for data in broken_in_one_place(DATA[name]):
        with pytest.raises(BundleBroken, match=name):
            check_file(manifest(), name, data)


def test_every_truncation_and_every_flipped_bit_of_the_manifest_is_found() -> None:
    bundle, data = seal(manifest(), DATA)

    for broken in broken_in_one_place(data):
        with pytest.raises(BundleBroken, match=MANIFEST):
            open_manifest(bundle.version, broken)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{}", "cannot be read"),
        (b"\xff", "cannot be read"),
        (manifest(format=2).model_dump_json().encode(), "format"),
        (manifest(files=describe({MODEL: b""})).model_dump_json().encode(), "format"),
    ],
)
def test_a_manifest_that_only_has_the_right_digest_is_broken(data: bytes, words: str) -> None:
    with pytest.raises(BundleBroken, match=words):
        open_manifest(f"v7-{sha256(data)[:8]}", data)


@pytest.mark.parametrize(
    ("version", "number"),
    [("v12-3fa9c1d2", 12), ("v0-3fa9c1d2", 0), ("v1-3fa9", 0), ("", 0), ("v1-3fa9c1d2\n", 0)],
)
def test_a_version_names_its_attempt(version: str, number: int) -> None:
    assert version_number(version) == number


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_golden_rows_are_read_to_the_last_bit(scores: list[float]) -> None:
    rows = [Golden({"a": 1, "b": None, "c": {"d": "x"}}, scores), Golden({}, [])]

    assert from_golden(to_golden(rows)) == rows


@pytest.mark.parametrize("data", [b"{", b'{"record":1,"scores":[]}', b'{"record":{}}', b"\xff"])
def test_golden_rows_that_are_none_break_the_bundle(data: bytes) -> None:
    with pytest.raises(BundleBroken, match=GOLDEN):
        from_golden(data)
