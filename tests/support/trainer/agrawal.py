"""Loan applications after Agrawal et al. 1993, as a stream whose concept can change."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np

from perennial_contract.objects.observation import Observation
from perennial_contract.resource.schema import BinaryLabel, Schema

START = 1_790_000_000_000  # ms since 1970
EVERY = 12  # ms
LABEL = BinaryLabel(positive="A", negative="B")
SCHEMA = Schema(label=LABEL)
Record = dict[str, Any]


def _within(value: float, low: float, high: float) -> bool:
    return low <= value <= high


def _function4(r: Record) -> bool:
    if r["age"] < 40:
        span = (25e3, 75e3) if r["elevel"] in ("e0", "e1") else (50e3, 100e3)
    elif r["age"] < 60:
        span = (50e3, 100e3) if r["elevel"] in ("e1", "e2", "e3") else (75e3, 125e3)
    else:
        span = (50e3, 100e3) if r["elevel"] in ("e2", "e3", "e4") else (25e3, 75e3)
    return _within(float(r["salary"]), *span)


def _function5(r: Record) -> bool:
    if r["age"] < 40:
        first, then, other = (50e3, 100e3), (100e3, 300e3), (200e3, 400e3)
    elif r["age"] < 60:
        first, then, other = (75e3, 125e3), (200e3, 400e3), (300e3, 500e3)
    else:
        first, then, other = (25e3, 75e3), (300e3, 500e3), (100e3, 300e3)
    return _within(r["loan"], *(then if _within(r["salary"], *first) else other))


def _function7(r: Record) -> bool:
    return float(0.67 * (r["salary"] + r["commission"]) - 0.2 * r["loan"]) > 20e3


FUNCTIONS: dict[int, Callable[[Record], bool]] = {4: _function4, 5: _function5, 7: _function7}


def applications(function: int, count: int, seed: int) -> Iterator[tuple[Record, str]]:
    """Records and labels of one concept; one label in twenty is noise."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        salary = float(random.uniform(20e3, 150e3))
        zipcode = int(random.integers(9))
        record = {
            "salary": round(salary),
            "commission": 0 if salary >= 75e3 else round(random.uniform(10e3, 75e3)),
            "age": int(random.integers(20, 81)),
            "elevel": f"e{random.integers(5)}",
            "car": f"c{random.integers(1, 21)}",
            "zipcode": f"z{zipcode}",
            "hvalue": round((9 - zipcode) * 100e3 * random.uniform(0.5, 1.5)),
            "hyears": int(random.integers(1, 31)),
            "loan": round(random.uniform(0, 500e3)),
        }
        yield record, "A" if FUNCTIONS[function](record) != (random.random() < 0.05) else "B"


def csv(function: int, count: int, seed: int) -> bytes:
    rows = list(applications(function, count, seed))
    lines = [",".join(str(v) for v in (*record.values(), label)) for record, label in rows]
    return "\n".join([",".join([*rows[0][0], "label"]), *lines, ""]).encode()


def observations(
    function: int, count: int, seed: int, first: int = 0, delay: int = 1500
) -> list[Observation]:
    """A stream from sequence `first` on, an event every 12 ms, its label 1.5 s later."""
    return [
        Observation(
            sequence=i,
            offset=i,
            event_timestamp=START + EVERY * i,
            event_time=START + EVERY * i,
            label_timestamp=START + EVERY * i + delay,
            record=msgspec.json.encode(record),
            label=label,
        )
        for i, (record, label) in enumerate(applications(function, count, seed), first)
    ]
