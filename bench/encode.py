"""Microseconds per row of the encoder, at batches of 1, 100 and 1,000, against a plain loop.

Run: python bench/encode.py
Both get the same decoded records of generated loan-like rows (six numbers, eight categories, one
cross) in the same process, in turns; the best round of each counts, since the machine is shared.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from perennial_contract.resource.schema import BinaryLabel, Schema
from perennial_model.features.encoder import Encoder, learn
from perennial_model.features.infer import infer

BATCHES: Final = (1, 100, 1000)
SECONDS: Final = 2.0  # per batch size
SCHEMA: Final = Schema(
    label=BinaryLabel(positive="1", negative="0"), crosses=[["category_0", "category_1"]]
)
Record = dict[str, Any]


def record(draw: random.Random) -> Record:
    numbers = {f"number_{i}": draw.randrange(100_000) / 10 for i in range(6)}
    categories = {f"category_{i}": f"level {draw.randrange(4 + 4 * i)}" for i in range(8)}
    return {**numbers, **categories}


def plain_loop(encoder: Encoder) -> Callable[[Sequence[Record]], NDArray[np.float64]]:
    """The encoder that one would write first: row by row, value by value."""
    document = msgspec.json.decode(encoder.to_json())
    features = document["features"]
    levels = {
        f["name"]: {level: code for code, level in enumerate(f["levels"], 1)}
        for f in features
        if "levels" in f
    }
    crosses = [
        (cross["features"], {tuple(of): code for code, of in enumerate(cross["levels"], 1)})
        for cross in document["crosses"]
    ]

    def encode_one(record: Record) -> list[float]:
        row: list[float] = []
        for feature in features:
            name, value = feature["name"], record.get(feature["name"])
            if name in levels:
                row.append(levels[name].get(str(value).strip(), 0))
            else:
                row.append(float("nan") if value is None else float(value))
        for of, codes in crosses:
            row.append(codes.get(tuple(row[encoder.names.index(name)] for name in of), 0))
        return row

    return lambda records: np.array([encode_one(record) for record in records], dtype=float)


def measure(
    ways: Sequence[Callable[[Sequence[Record]], object]], rows: list[Record], size: int
) -> list[float]:
    """Microseconds per row of each way, of its best round."""
    best = [float("inf")] * len(ways)
    end = time.perf_counter() + SECONDS
    first = 0
    while time.perf_counter() < end:
        batch = rows[first : first + size]
        first = (first + size) % (len(rows) - size + 1)
        for way, encode in enumerate(ways):
            start = time.perf_counter()
            encode(batch)
            best[way] = min(best[way], (time.perf_counter() - start) / size * 1e6)
    return best


def main() -> None:
    draw = random.Random(0)
    lines = [msgspec.json.encode(record(draw)) for _ in range(20_000)]
    rows: list[Record] = [msgspec.json.decode(line) for line in lines]
    encoder = learn(rows, infer(rows, SCHEMA), SCHEMA.crosses)
    loop = plain_loop(encoder)
    if not np.array_equal(loop(rows[:1000]), encoder.encode(rows[:1000]).matrix):
        raise SystemExit("the two ways differ: nothing to compare")
    print(f"{len(encoder.names)} columns; us per row\n batch  encoder  plain loop  ratio")
    for size in BATCHES:
        ours, plain = measure((encoder.encode, loop), rows, size)
        print(f"{size:6} {ours:8.2f} {plain:11.2f} {plain / ours:6.1f}")


if __name__ == "__main__":
    main()
