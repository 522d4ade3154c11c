"""Metrics of an attempt."""

from prometheus_client import generate_latest

from perennial_trainer.metrics import registry
from perennial_trainer.progress import Progress
from perennial_trainer.search.trial import Trial
from tests.support.trainer.builders import a_settings


def samples(text: bytes) -> list[str]:
    return [line for line in text.decode().splitlines() if not line.startswith("#")]


def test_the_metrics_say_stages_trials_and_rows() -> None:
    clock = iter([0.0, 2.0, 2.0, 7.5, 7.5])
    settings = a_settings(3, champion="v2-0000abcd")
    progress = Progress(settings, "pod-1", lambda: next(clock))
    progress.stage("search")
    progress.split(500, 1375)
    for number, loss in enumerate([0.5, 0.3, None]):
        progress.trial(Trial(number=number, parameters={}, loss=loss))

    assert samples(generate_latest(registry(progress))) == [
        'perennial_trainer_attempt_info{champion="v2-0000abcd",number="3"} 1.0',
        'perennial_trainer_stage_duration_seconds{stage="data"} 2.0',
        'perennial_trainer_stage_duration_seconds{stage="search"} 5.5',
        "perennial_trainer_trials_total 3.0",
        "perennial_trainer_best_loss 0.3",
        'perennial_trainer_rows{use="judge"} 500.0',
        'perennial_trainer_rows{use="train"} 1375.0',
    ]


def test_before_the_first_trial_there_is_no_best_loss() -> None:
    progress = Progress(a_settings(), "pod-1", lambda: 0.0)

    assert "perennial_trainer_best_loss 0.0" not in samples(generate_latest(registry(progress)))


def test_each_metric_is_described_without_anything_that_runs() -> None:
    described = {metric.name: metric.documentation for metric in registry().collect()}

    assert list(described) == [
        "perennial_trainer_attempt",
        "perennial_trainer_stage_duration_seconds",
        "perennial_trainer_trials",
        "perennial_trainer_best_loss",
        "perennial_trainer_rows",
    ]
    assert all(described.values())
