"""A bucket with a dataset, and segments of a stream that has changed."""

import pytest

from perennial_contract.objects.observation import SegmentKey, to_parquet
from tests.support.trainer.agrawal import csv, observations
from tests.support.trainer.house import House


@pytest.fixture(scope="module")
def dataset() -> bytes:
    return csv(7, 3000, 1)


@pytest.fixture(scope="module")
def segments() -> dict[str, bytes]:
    rows = observations(4, 2000, 2)
    return {
        str(SegmentKey("t", 0, first)): to_parquet(rows[first : first + 700])
        for first in range(0, 2000, 700)
    }


@pytest.fixture
def house(dataset: bytes) -> House:
    made = House()
    made.datasets.put_new("loans.csv", dataset)
    return made
