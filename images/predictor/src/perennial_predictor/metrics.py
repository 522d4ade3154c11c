"""Metrics of the predictor, for Prometheus: counted for many events at once, never per event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from perennial_predictor.histogram import BatchHistogram
from perennial_predictor.scoring.records import Tally

_SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # events
_DURATIONS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_LATENCIES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_MOST: Final = 100  # features with a series of their own
_OTHERS: Final = "(others)"


class EventMetrics:
    """Counts of records read, by what became of them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.read: Final = Counter(
            "perennial_predictor_events",
            "Records read from the events topic; what is read again after a failed delivery counts "
            "again.",
            registry=registry,
        )
        self._answers = Counter(
            "perennial_predictor_answers",
            "Answers whose delivery was confirmed.",
            registry=registry,
        )
        self._dead_letters = Counter(
            "perennial_predictor_dead_letters",
            "Dead letters whose delivery was confirmed, by reason.",
            ["reason"],
            registry=registry,
        )
        self._filtered = Counter(
            "perennial_predictor_filtered_events",
            "Records that events.filter leaves alone, once they are done with.",
            registry=registry,
        )
        self._own_answers = Counter(
            "perennial_predictor_own_answers",
            "Answers of its own read from a topic that events and answers share.",
            registry=registry,
        )
        self.skipped: Final = Counter(
            "perennial_predictor_skipped_events",
            "Events that retention removed before they were read.",
            registry=registry,
        )
        self._unknown = UnknownValues(registry)

    def add(self, tally: Tally) -> None:
        """Counts what became of events, once delivery of all answers was confirmed."""
        self._answers.inc(tally.answered)
        self._filtered.inc(tally.filtered)
        self._own_answers.inc(tally.own_answers)
        for reason, count in tally.dead_letters.items():
            self._dead_letters.labels(reason).inc(count)
        self._unknown.add(tally.unknown)


class UnknownValues:
    """Counts of unknown values by feature, in a bounded number of series."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._features: set[str] = set()
        self._values = Counter(
            "perennial_predictor_unknown_values",
            "Values of answered events outside the model's dictionary, by feature; features beyond "
            "the first hundred are counted together.",
            ["feature"],
            registry=registry,
        )

    def add(self, unknown: Mapping[str, int]) -> None:
        for feature, count in unknown.items():
            self._values.labels(feature if self._has_room(feature) else _OTHERS).inc(count)

    def _has_room(self, feature: str) -> bool:
        if feature not in self._features and len(self._features) < _MOST:
            self._features.add(feature)
        return feature in self._features


class BatchMetrics:
    """Sizes of batches, and the time that they and their records take."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._size = BatchHistogram(
            "perennial_predictor_batch_events", "Records that were scored together.", _SIZES
        )
        self._duration = BatchHistogram(
            "perennial_predictor_batch_seconds",
            "Time to decode, encode and score a batch and to hand its answers to the producer.",
            _DURATIONS,
        )
        self.latency: Final = BatchHistogram(
            "perennial_predictor_latency_seconds",
            "From an event's timestamp in Kafka until a flush has confirmed the delivery of its "
            "answer or dead letter. A flush comes up to 0.15 s after the answer was sent, and the "
            "answer can be read before it.",
            _LATENCIES,
        )
        for histogram in (self._size, self._duration, self.latency):
            registry.register(histogram)
        self._batches: list[tuple[int, float]] = []

    def add(self, size: int, seconds: float) -> None:
        """A batch: how many records, and how long it took; kept until `count`."""
        self._batches.append((size, seconds))

    def count(self) -> int:
        """Counts the batches added since the last time; the number of their records."""
        if not self._batches:
            return 0
        sizes, seconds = np.array(self._batches).T
        self._batches.clear()
        self._size.observe(sizes)
        self._duration.observe(seconds)
        return int(sizes.sum())


class GroupMetrics:
    """Lag, commits and rebalances of this member of the group."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lag = Gauge(
            "perennial_predictor_lag_events",
            "Records between the next one to be read and the end of an assigned partition, as far "
            "as the last fetch saw it.",
            ["partition"],
            registry=registry,
        )
        self.commits: Final = Counter(
            "perennial_predictor_commits",
            "Commits of offsets: done, or refused by the group.",
            ["outcome"],
            registry=registry,
        )
        self.rebalances: Final = Counter(
            "perennial_predictor_rebalances",
            "Partitions assigned, revoked or lost, by what happened.",
            ["kind"],
            registry=registry,
        )

    def set_lag(self, positions: Mapping[int, int], ends: Mapping[int, int]) -> None:
        """Sets the lag of the assigned partitions alone: other pods report the others."""
        self._lag.clear()
        for partition, end in ends.items():
            self._lag.labels(partition).set(max(0, end - positions.get(partition, end)))


class RequestMetrics:
    """Requests of POST /predict, which are no part of what is counted of the stream."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.codes: Final = Counter(
            "perennial_predictor_requests",
            "Requests on the port of POST /predict, by the code of their answer.",
            ["code"],
            registry=registry,
        )
        self.seconds: Final = Histogram(
            "perennial_predictor_request_seconds",
            "From the head of a request on that port until its answer is handed over; the body's "
            "arrival is a part of it.",
            buckets=_DURATIONS,
            registry=registry,
        )
        self.events: Final = Counter(
            "perennial_predictor_requested_events",
            "Events in requests: answered, or by the reason why not.",
            ["outcome"],
            registry=registry,
        )


class Metrics:
    """A process's metrics and their registry."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        self.events: Final = EventMetrics(self.registry)
        self.batches: Final = BatchMetrics(self.registry)
        self.group: Final = GroupMetrics(self.registry)
        self.requests: Final = RequestMetrics(self.registry)
        self.ready: Final = Gauge(
            "perennial_predictor_ready",
            "1 while the pod is ready to answer, else 0.",
            registry=self.registry,
        )
        self.model: Final = Gauge(
            "perennial_predictor_model_info",
            "1 for the model that answers, named by its version and its digest.",
            ["version", "digest"],
            registry=self.registry,
        )


def registry() -> CollectorRegistry:
    """All metrics with their help texts, and nothing counted."""
    return Metrics().registry
