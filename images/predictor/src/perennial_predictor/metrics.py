"""What the predictor counts, for Prometheus; counted per batch, never per event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from perennial_predictor.scoring.records import Tally

_SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # events
_DURATIONS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_LATENCIES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_MOST: Final = 100  # features with a series of their own
_OTHERS: Final = "(others)"


class Latency(Collector):
    """A histogram that takes many values at once: one by one they would cost as much as scoring."""

    def __init__(self, name: str, documentation: str, bounds: tuple[float, ...]) -> None:
        self._name = name
        self._documentation = documentation
        self._bounds = np.array(bounds)
        self._counts = np.zeros(len(bounds) + 1, dtype=np.int64)
        self._sum = 0.0

    def observe(self, seconds: NDArray[np.float64]) -> None:
        """Of shape (n,); below 0, where clocks differ, counts as 0."""
        seconds = np.maximum(seconds, 0.0)
        buckets = np.searchsorted(self._bounds, seconds)
        # In place of, not into: the server's thread may be reading.
        self._counts = self._counts + np.bincount(buckets, minlength=len(self._counts))
        self._sum += float(seconds.sum())

    def collect(self) -> Iterator[Metric]:
        bounds = [*map(floatToGoString, self._bounds.tolist()), "+Inf"]
        sums = accumulate(self._counts.tolist())
        buckets = [(bound, float(count)) for bound, count in zip(bounds, sums, strict=True)]
        yield HistogramMetricFamily(
            self._name, self._documentation, buckets=buckets, sum_value=self._sum
        )


class Metrics:
    """A process's metrics and their registry."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        counter = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        self.events: Final = counter(
            "perennial_predictor_events",
            "Records read from the events topic; what is read again after a failed delivery counts "
            "again.",
        )
        self.answers: Final = counter(
            "perennial_predictor_answers", "Answers whose delivery was confirmed."
        )
        self.dead_letters: Final = counter(
            "perennial_predictor_dead_letters",
            "Dead letters whose delivery was confirmed, by reason.",
            ["reason"],
        )
        self.filtered: Final = counter(
            "perennial_predictor_filtered_events",
            "Records that events.filter leaves alone, once they are done with.",
        )
        self.own: Final = counter(
            "perennial_predictor_own_answers",
            "Answers of its own read from a topic that events and answers share.",
        )
        self.skipped: Final = counter(
            "perennial_predictor_skipped_events",
            "Events that retention removed before they were read.",
        )
        self._features: set[str] = set()
        self.unknown: Final = counter(
            "perennial_predictor_unknown_values",
            "Values of answered events outside the model's dictionary, by feature; features beyond "
            "the first hundred are counted together.",
            ["feature"],
        )
        self.batch: Final = histogram(
            "perennial_predictor_batch_events", "Records that were scored together.", buckets=_SIZES
        )
        self.duration: Final = histogram(
            "perennial_predictor_batch_seconds",
            "Time to decode, encode and score a batch and to hand its answers to the producer.",
            buckets=_DURATIONS,
        )
        self.latency: Final = Latency(
            "perennial_predictor_latency_seconds",
            "From an event's timestamp in Kafka until a flush has confirmed the delivery of its "
            "answer or dead letter. A flush comes up to 0.15 s after the answer was sent, and the "
            "answer can be read before it.",
            _LATENCIES,
        )
        self.registry.register(self.latency)
        self.lag: Final = gauge(
            "perennial_predictor_lag_events",
            "Records between the next one to be read and the end of an assigned partition, as far "
            "as the last fetch saw it.",
            ["partition"],
        )
        self.commits: Final = counter(
            "perennial_predictor_commits",
            "Commits of offsets: done, or refused by the group.",
            ["outcome"],
        )
        self.rebalances: Final = counter(
            "perennial_predictor_rebalances",
            "Partitions assigned, revoked or lost, by what happened.",
            ["kind"],
        )
        self.ready: Final = gauge(
            "perennial_predictor_ready", "1 while the pod is ready to answer, else 0."
        )
        self.model: Final = gauge(
            "perennial_predictor_model_info",
            "1 for the model that answers, named by its version and its digest.",
            ["version", "digest"],
        )

    def add(self, tally: Tally) -> None:
        """What became of events, once delivery of all answers was confirmed."""
        self.answers.inc(tally.answered)
        self.filtered.inc(tally.filtered)
        self.own.inc(tally.own)
        for reason, count in tally.dead_letters.items():
            self.dead_letters.labels(reason).inc(count)
        for feature, count in tally.unknown.items():
            self.unknown.labels(feature if self._has_room(feature) else _OTHERS).inc(count)

    def lags(self, positions: Mapping[int, int], ends: Mapping[int, int]) -> None:
        """Of the assigned partitions alone: others are another pod's to tell."""
        self.lag.clear()
        for partition, end in ends.items():
            self.lag.labels(partition).set(max(0, end - positions.get(partition, end)))

    def _has_room(self, feature: str) -> bool:
        if feature not in self._features and len(self._features) < _MOST:
            self._features.add(feature)
        return feature in self._features


def registry() -> CollectorRegistry:
    """All metrics with their help texts, and nothing counted."""
    return Metrics().registry
