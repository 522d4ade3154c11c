import json
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial_contract.objects.bundle import BundleBroken
from perennial_contract.resource.schema import Feature, FeatureType
from perennial_model.features.encoder import Encoder, learn
from perennial_model.refusals import DataRefused
from tests.support.contract.json_values import records
from tests.support.model.encoders import ROWS, A, B, C, encoder, shown


def test_a_batch_is_a_matrix_of_numbers_and_codes() -> None:
    used = encoder(A, B, C, crosses=[["b", "c"]])

    encoded = used.encode([{"a": 7, "b": "y", "c": "q"}, {"a": 8, "b": "z", "c": "q"}])

    assert used.names == ("a", "b", "c", "b*c")
    assert used.categorical == (1, 2, 3)
    assert shown(encoded) == ([[7, 2, 2, 0], [8, 3, 2, 3]], {"b*c": 1})
    assert encoded.matrix.dtype == np.float64
    assert encoded.matrix.flags.c_contiguous


def test_a_feature_is_read_at_its_path() -> None:
    nested = Feature(name="b", type=FeatureType.CATEGORY, path="job.title")
    used = learn([{"job": {"title": "x"}}] * 5, [nested], [])
    batch: list[dict[str, Any]] = [
        {"job": {"title": "x"}},
        {"job.title": "x", "job": {"title": "y"}},
        {"job": "x"},
        {"b": "x"},
        {},
    ]

    assert shown(used.encode(batch)) == ([[1], [1], [0], [0], [0]], {})


def test_rare_combinations_train_as_unknown_and_are_counted() -> None:
    rows = [{"b": "x", "c": "p"}] * 9 + [{"b": "y", "c": "q"}] * 9 + [{"b": "x", "c": "q"}] * 4
    used = learn(rows, [B, C], [["b", "c"]])
    batch = [{"b": b, "c": c} for b in "xy?" for c in "pq"]

    assert used.encode(batch).matrix[:, 2].tolist() == [1, 0, 0, 2, 0, 0]
    assert used.encode(batch).unknown == {"b*c": 4}


def test_at_most_ten_thousand_combinations_are_kept_the_frequent_ones() -> None:
    pairs = [{"b": str(n % 101), "c": str(n // 101)} for n in range(101 * 101)]
    used = learn([*pairs * 5, pairs[-1]], [B, C], [["b", "c"]])

    encoded = used.encode(pairs)

    assert encoded.unknown == {"b*c": 101 * 101 - 10_000}
    assert encoded.matrix[-1, 2] == 1


def test_what_the_dictionary_lacks_is_counted_by_feature() -> None:
    used = encoder(A, B, C, crosses=[["b", "c"]])
    batch: list[dict[str, Any]] = [
        {"a": "one", "b": "new", "c": "p"},
        {"a": 2, "b": "newer", "c": "p"},
    ]

    assert used.encode(batch).unknown == {"a": 1, "b": 2, "b*c": 2}


def test_an_empty_batch_has_no_rows() -> None:
    assert encoder(A, B).encode([]).matrix.shape == (0, 2)


@pytest.mark.parametrize(
    ("features", "crosses", "words"),
    [
        ([Feature(name="a", type=FeatureType.NUMBER, fill="many")], [], "feature a: fill 'many'"),
        ([Feature(name="a", type=FeatureType.NUMBER, fill="?")], [], r"feature a: fill '\?'"),
        ([A, B], [["a", "b"]], r"cross \['a', 'b'\]: a is no category"),
        ([A, B], [["b", "d"]], r"cross \['b', 'd'\]: d is no category"),
        ([A, A], [], "feature a occurs 2 times"),
        ([B, C], [["b", "c"], ["b", "c"]], r"feature b\*c occurs 2 times"),
    ],
)
def test_features_that_contradict_themselves_are_refused(
    features: list[Feature], crosses: list[list[str]], words: str
) -> None:
    with pytest.raises(DataRefused, match=words):
        learn(ROWS, features, crosses)


def test_dictionaries_do_not_depend_on_the_order_of_rows() -> None:
    shuffled = random.Random(0).sample(ROWS, len(ROWS))

    assert learn(shuffled, [A, B], []).to_json() == encoder(A, B).to_json()


features = st.lists(
    st.builds(
        Feature,
        name=st.sampled_from("abcd"),
        type=st.just(FeatureType.CATEGORY),
        path=st.none() | st.sampled_from(["a", "b.a", "a.b"]),
        missing=st.none() | st.sampled_from(["a", "39", "-"]),
        fill=st.none() | st.sampled_from(["a", "40", "?"]),
    )
    | st.builds(
        Feature,
        name=st.sampled_from("efgh"),
        type=st.just(FeatureType.NUMBER),
        path=st.sampled_from(["a", "b", "b.a"]),
        missing=st.none() | st.sampled_from(["a", "39", "-"]),
        fill=st.none() | st.sampled_from(["0", "40"]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda feature: feature.name,
)


batches = st.lists(records, max_size=6)


@st.composite
def encoders(draw: st.DrawFn) -> Encoder:
    chosen = draw(features)
    categories = [f.name for f in chosen if f.type is FeatureType.CATEGORY]
    crosses = [categories[:2]] if len(categories) > 1 else []
    return learn(draw(batches) * 5, chosen, crosses)


@given(encoders(), batches)
def test_any_records_give_as_many_rows(used: Encoder, batch: list[dict[str, Any]]) -> None:
    encoded = used.encode(batch)

    assert encoded.matrix.shape == (len(batch), len(used.names))
    assert not np.isinf(encoded.matrix).any()
    codes = encoded.matrix[:, list(used.categorical)]
    assert (codes >= 0).all()
    assert (codes == codes.astype(int)).all()
    assert set(encoded.unknown) <= set(used.names)


@given(encoders(), batches)
def test_a_batch_is_encoded_as_its_rows_are(used: Encoder, batch: list[dict[str, Any]]) -> None:
    together = used.encode(batch)
    alone = [used.encode([record]) for record in batch]

    assert shown(together)[0] == [shown(row)[0][0] for row in alone]
    assert together.unknown == {
        name: total for name in used.names if (total := sum(r.unknown.get(name, 0) for r in alone))
    }


@given(encoders(), records)
def test_a_record_alone_is_encoded_as_in_a_batch(used: Encoder, record: dict[str, Any]) -> None:
    row, unknown = used.encode_one(record)
    batch = used.encode([record])

    np.testing.assert_array_equal(np.array([row]), batch.matrix)
    assert unknown == batch.unknown


@given(encoders(), batches)
def test_an_encoder_read_back_encodes_the_same(used: Encoder, batch: list[dict[str, Any]]) -> None:
    again = Encoder.from_json(used.to_json())

    assert again.to_json() == used.to_json()
    assert (again.names, again.categorical, again.features) == (
        used.names,
        used.categorical,
        used.features,
    )
    assert shown(again.encode(batch)) == shown(used.encode(batch))


@given(encoders(), batches, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(
    used: Encoder, batch: list[dict[str, Any]], shuffle: random.Random
) -> None:
    mixed = [
        {key: record[key] for key in shuffle.sample(list(record), len(record))} for record in batch
    ]

    assert shown(used.encode(mixed)) == shown(used.encode(batch))


def broken(change: dict[str, Any]) -> bytes:
    return json.dumps(json.loads(encoder(B, C, crosses=[["b", "c"]]).to_json()) | change).encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (broken({"format": 2}), "format 2"),
        (broken({"format": "x"}), "format"),
        (broken({"features": 1}), "features"),
        (broken({"features": [{"name": "b", "type": "Text"}], "crosses": []}), "Text"),
        (broken({"features": [{"name": "", "type": "Number"}], "crosses": []}), "name"),
        (broken({"features": [{"name": "b", "type": "Number", "fill": "x"}]}), "fill"),
        (broken({"crosses": [{"features": ["b", "d"], "levels": []}]}), "'d'"),
        (b"", "encoder.json"),
        (b"\xff", "encoder.json"),
        (b"[" * 100_000, "encoder.json"),
    ],
)
def test_what_is_no_encoder_is_a_broken_bundle(data: bytes, words: str) -> None:
    with pytest.raises(BundleBroken, match=words):
        Encoder.from_json(data)


def test_an_encoder_is_plain_json() -> None:
    rows = [{"a": 1, "b": "x", "c": "p"}] * 6 + [{"c": "q"}] * 5

    assert json.loads(learn(rows, [A, B, C], [["b", "c"]]).to_json()) == {
        "format": 1,
        "features": [
            {"name": "a", "type": "Number"},
            {"name": "b", "type": "Category", "levels": ["x", None]},
            {"name": "c", "type": "Category", "levels": ["p", "q"]},
        ],
        "crosses": [{"features": ["b", "c"], "levels": [[1, 1], [2, 2]]}],
    }
