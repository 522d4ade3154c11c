"""Histogram for Prometheus that takes a batch of values in one call."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class BatchHistogram(Collector):
    """Counts of values up to each bound: one call per value would cost as much as scoring."""

    def __init__(self, name: str, documentation: str, bounds: tuple[float, ...]) -> None:
        self._name = name
        self._documentation = documentation
        self._bounds = np.array(bounds)
        self._counts = np.zeros(len(bounds) + 1, dtype=np.int64)
        self._sum = 0.0

    def observe(self, values: NDArray[np.float64]) -> None:
        """Counts values of shape (n,); those below 0, where clocks differ, count as 0."""
        values = np.maximum(values, 0.0)
        buckets = np.searchsorted(self._bounds, values)
        # A new array, since the server's thread may be reading.
        self._counts = self._counts + np.bincount(buckets, minlength=len(self._counts))
        self._sum += float(values.sum())

    def collect(self) -> Iterator[Metric]:
        bounds = [*map(floatToGoString, self._bounds.tolist()), "+Inf"]
        sums = accumulate(self._counts.tolist())
        buckets = [(bound, float(count)) for bound, count in zip(bounds, sums, strict=True)]
        yield HistogramMetricFamily(
            self._name, self._documentation, buckets=buckets, sum_value=self._sum
        )
