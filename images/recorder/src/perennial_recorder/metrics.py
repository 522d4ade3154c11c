"""Metrics of a recorder on `/metrics`, under Prometheus' conventions for names and units.

Observations are counted over restarts, as S3 is; the rest starts with the process. What a
checkpoint counts lags behind: a counter that went on from it would fall when a process is killed,
and Prometheus takes any fall for a start from zero.
"""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from perennial_contract.reasons import ProgramReason
from perennial_contract.status import RecorderReport
from perennial_recorder.join.fates import Fate
from perennial_recorder.progress.counts import AHEAD_RECORDS, OBSERVATIONS, SKIPPED_OFFSETS

_UNUSED: Final = (*(fate for fate in Fate if fate is not Fate.JOINED), SKIPPED_OFFSETS)
_FLUSH_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds


class Restart(StrEnum):
    """Why a session is discarded, or drained first."""

    ANOTHER_WRITER = "another_writer"
    TOPIC_RECREATED = "topic_remade"
    LOG_TRUNCATED = "log_truncated"
    DISK_FAILED = "disk_failed"
    TIME_TOLD = "time_told"


class _ReportCollector(Collector):
    """Asks for the recorder's report each time; without one it names the metrics alone."""

    def __init__(
        self, report: Callable[[], RecorderReport] | None, baseline: Mapping[str, int]
    ) -> None:
        self._report = report
        self._baseline = baseline
        self._most: Counts[str] = Counts()
        self._lock = Lock()

    def collect(self) -> Iterator[Metric]:
        report = self._report() if self._report else None
        yield from self._counters(self._counted(report) if report else Counts())
        yield from _gauges(report)

    def _counters(self, counts: Counts[str]) -> Iterator[Metric]:
        observations = CounterMetricFamily(
            "perennial_recorder_observations", "Observations that S3 has confirmed."
        )
        unused = CounterMetricFamily(
            "perennial_recorder_unused_records",
            "Records that became part of no observation, by what became of them:"
            f" {', '.join(_UNUSED)}.",
            labels=["reason"],
        )
        ahead = CounterMetricFamily(
            "perennial_recorder_ahead_records",
            "Records whose timestamp was more than an hour ahead of our clock.",
        )
        if OBSERVATIONS in counts:
            observations.add_metric([], counts[OBSERVATIONS])
            ahead.add_metric([], counts[AHEAD_RECORDS])
            for reason in _UNUSED:
                unused.add_metric([reason], counts[reason])
        yield from (observations, unused, ahead)

    def _counted(self, report: RecorderReport) -> Counts[str]:
        """The highest of each count so far: a new session has not counted again what it had."""
        with self._lock:
            if report.written:
                known = report.counts.items()
                self._most |= Counts({name: n - self._baseline.get(name, 0) for name, n in known})
                self._most.setdefault(OBSERVATIONS, 0)
            return self._most


def _gauges(report: RecorderReport | None) -> Iterator[Metric]:
    pending = GaugeMetricFamily(
        "perennial_recorder_pending_events", "Events that wait for their label."
    )
    lag = GaugeMetricFamily(
        "perennial_recorder_lag_records",
        "Records of a topic that are still to be read.",
        labels=["topic"],
    )
    if report:
        pending.add_metric([], report.pending)
        for topic, records in report.lag.items():
            lag.add_metric([topic], records)
    yield from (pending, lag)


def _warnings(registry: CollectorRegistry) -> tuple[Gauge, Gauge]:
    clock_behind = Gauge(
        "perennial_recorder_clock_behind_seconds",
        "How far the node's clock is behind the timestamps of most records, where that is more"
        " than an hour; else 0.",
        registry=registry,
    )
    retention_short = Gauge(
        "perennial_recorder_retention_short",
        "1 where a topic keeps its records for less time than labels.maxDelay: what waits is"
        " lost with a restart.",
        ["topic"],
        registry=registry,
    )
    return clock_behind, retention_short


class Metrics:
    """What is counted where it happens."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._has_baseline = False
        self._baseline: dict[str, int] = {}
        self.segments = Counter(
            "perennial_recorder_segments", "Segments that S3 has confirmed.", registry=registry
        )
        self.segment_bytes = Counter(
            "perennial_recorder_segment_bytes",
            "Bytes of the segments that S3 has confirmed.",
            registry=registry,
        )
        self.flush = Histogram(
            "perennial_recorder_flush_duration_seconds",
            "How long S3 took to answer the write of a segment, failures included.",
            buckets=_FLUSH_BUCKETS,
            registry=registry,
        )
        self.checkpoints = Counter(
            "perennial_recorder_checkpoints",
            "Checkpoints that S3 has confirmed.",
            registry=registry,
        )
        self.failures = Counter(
            "perennial_recorder_failures",
            "Times that Kafka or S3 was missing, away or refused us, each try, by reason.",
            ["reason"],
            registry=registry,
        )
        self.restarts = Counter(
            "perennial_recorder_restarts_over",
            "Times that the process dropped what it knew and started over from S3:"
            f" {Restart.ANOTHER_WRITER} wrote in its place, a topic was made again"
            f" ({Restart.TOPIC_RECREATED}), a log's end moved back ({Restart.LOG_TRUNCATED}),"
            f" the disk refused something ({Restart.DISK_FAILED}), or what was read before any"
            f" timestamp told the time takes the time that is told ({Restart.TIME_TOLD}).",
            ["reason"],
            registry=registry,
        )
        self.clock_behind, self.retention_short = _warnings(registry)

    def count_failure(self, reason: ProgramReason) -> None:
        self.failures.labels(reason).inc()

    def count_restart(self, cause: Restart) -> None:
        self.restarts.labels(cause).inc()

    def set_baseline(self, counts: Mapping[str, int]) -> None:
        """Sets what a checkpoint had counted when this process started; only the first time."""
        if not self._has_baseline:
            self._baseline.update(counts)
        self._has_baseline = True

    def registry(self, report: Callable[[], RecorderReport] | None = None) -> CollectorRegistry:
        """These, and what `report` says each time that it is asked."""
        self._registry.register(_ReportCollector(report, self._baseline))
        return self._registry


def registry() -> CollectorRegistry:
    """All metrics of this program with their help texts, and without values."""
    return Metrics().registry()
