"""Metrics of an attempt, under Prometheus' conventions for names and units."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from perennial_trainer.progress import Progress


class _Attempt(Collector):
    """Reads the progress at each scrape; without one the metrics have names and no values."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def collect(self) -> Iterator[Metric]:
        attempt = InfoMetricFamily("perennial_trainer_attempt", "The attempt that runs.")
        durations = GaugeMetricFamily(
            "perennial_trainer_stage_duration_seconds",
            "How long each stage has taken: data, search, judge, refit, publish.",
            labels=["stage"],
        )
        trials = CounterMetricFamily("perennial_trainer_trials", "Trials that the search has done.")
        best = GaugeMetricFamily(
            "perennial_trainer_best_loss", "Lowest mean log loss of a trial, in nats."
        )
        rows = GaugeMetricFamily(
            "perennial_trainer_rows",
            "New rows that judge the models, and new rows that could train them.",
            labels=["use"],
        )
        if self._progress:
            report = self._progress.report
            champion = self._progress.champion
            attempt.add_metric([], {"number": str(report.number), "champion": champion})
            for stage, seconds in self._progress.seconds().items():
                durations.add_metric([stage], seconds)
            trials.add_metric([], report.done)
            if report.best is not None:
                best.add_metric([], report.best)
            for use, count in self._progress.rows.items():
                rows.add_metric([use], count)
        yield from (attempt, durations, trials, best, rows)


def registry(progress: Progress | None = None) -> CollectorRegistry:
    """All metrics of this program with their help texts; without a progress they have no values."""
    made = CollectorRegistry()
    made.register(_Attempt(progress))
    return made
