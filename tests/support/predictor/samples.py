"""Samples of the predictor's metrics, as Prometheus reads them."""

from prometheus_client import generate_latest

from perennial_predictor.metrics import Metrics


def samples(metrics: Metrics) -> dict[str, float]:
    """All but the creation times of series."""
    lines = generate_latest(metrics.registry).decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs if "_created" not in name}


def counted(metrics: Metrics) -> dict[str, float]:
    return {name: value for name, value in samples(metrics).items() if value}
