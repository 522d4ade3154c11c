"""Bytes of the contract: what one program writes and another reads."""

from __future__ import annotations

from typing import Any

from perennial_contract.messages.json import read_json
from perennial_contract.messages.references import join_id
from perennial_contract.messages.scalars import to_category, to_number
from perennial_contract.messages.spellings import canonical
from perennial_contract.messages.times import read_time
from perennial_contract.objects.bundle import ENCODER, GOLDEN, MANIFEST, to_golden
from perennial_contract.objects.observation import Observation, SegmentKey, to_parquet
from perennial_contract.objects.owner import owner_of
from perennial_contract.resource.schema import Schema
from perennial_contract.settings import PredictorSettings
from perennial_model.features.encoder import Encoder
from perennial_model.features.infer import infer
from tests.golden import bundle
from tests.golden.golden import Golden, document, opened
from tests.golden.odd_values import BYTES, MOMENTS, ODD, TABLE
from tests.golden.pod import SETTINGS


def test_a_bundle_is_sealed_to_the_same_bytes(golden: Golden) -> None:
    sealed, manifest = bundle.sealed()

    golden.same(f"bundle/{MANIFEST}", manifest)
    golden.same(f"bundle/{ENCODER}", bundle.encoder().to_json())
    golden.same(f"bundle/{GOLDEN}", to_golden(bundle.golden_rows()))
    golden.same("bundle/version", f"{sealed.version}\n")


def test_odd_values_become_the_same_numbers_and_codes(golden: Golden) -> None:
    stored = Encoder.from_json(bundle.files()[ENCODER])
    rows = [{"age": v, "job": v, "home": {"city": v, "pay": v}} for v in ODD]
    alone = [_encoded(stored, [row]) for row in [*rows, {}, {"home": None}, {"home.pay": 1}]]
    together = stored.encode(rows)

    golden.same(
        "contract/encoder.json",
        {
            "names": stored.names,
            "categorical": stored.categorical,
            "alone": dict(zip([*map(_short, ODD), "{}", "no home", "dots"], alone, strict=True)),
            "together": [list(map(repr, row)) for row in together.matrix.tolist()],
            "unknown": together.unknown,
        },
    )


def _short(value: object) -> str:
    return repr(value)[:150]


def _encoded(encoder: Encoder, records: list[dict[str, Any]]) -> str:
    encoded = encoder.encode(records)
    return f"{encoded.matrix.tolist()[0]} {encoded.unknown}"


def test_odd_values_are_read_the_same(golden: Golden) -> None:
    golden.same(
        "contract/values.json",
        {
            "number, category, canonical": {
                _short(v): _short((to_number(v), to_category(v), canonical(v))) for v in ODD
            },
            "moment": {repr(v): read_time(v) for v in MOMENTS},
            "json": {_short(v): _read(v) for v in BYTES},
            "id": {repr(v): join_id(v).hex() for v in ("5", 5, 5.0, "007", 1e22, "", "é", 2**63)},
        },
    )


def _read(data: bytes) -> str:
    try:
        return repr(read_json(data))
    except ValueError as error:
        return f"{type(error).__name__}: {error}"


def test_a_table_has_the_same_features(golden: Golden) -> None:
    schema = Schema.model_validate(
        {
            "label": {"positive": "1", "negative": "0"},
            "features": [{"name": "inside", "path": "declared.inside", "type": "Number"}],
            "exclude": ["name"],
        }
    )

    golden.same(
        "contract/infer.json", [f.model_dump(exclude_none=True) for f in infer(TABLE, schema)]
    )


def test_observations_and_owner_are_the_same_bytes(golden: Golden) -> None:
    rows = [
        Observation(i, 2**40 + i, 1_790_000_000_000 - i, -i, 2**53 + i, record, label)
        for i, (record, label) in enumerate([(b"{}", "yes"), (b'{"a":"\xc3\xa9"}', ""), (b"", "é")])
    ]
    key = str(SegmentKey("id-1", 3, 7))
    told = PredictorSettings.model_validate(SETTINGS | {"cluster": "uid-of-kube-system"})

    golden.same(
        "contract/objects.json",
        {
            key: opened(key, to_parquet(rows)),
            "empty": opened(key, to_parquet([])),
            "owner.json": opened("owner.json", owner_of(told).to_json()),
            "settings": document(told),
            "file": told.to_json(),
        },
    )
