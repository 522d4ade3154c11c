import pytest

from tests.support.recorder.harness import Stage

SHORT = "retention.ms is shorter than labels.maxDelay"


def test_what_is_still_to_be_read_is_told_by_topic(stage: Stage) -> None:
    stage.steps()
    for i in range(7):
        stage.event(i)
    stage.label(0, "yes")
    stage.steps(1)  # asks first, and then reads
    assert stage.recorder.report().lag == {"events": 7, "labels": 1}
    stage.steps()
    assert stage.recorder.report().lag == {"events": 0, "labels": 0}


def test_a_retention_shorter_than_the_delay_is_warned_of(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.broker.retention = {"events": 59_999, "labels": 60_000}
    stage.steps()
    told = [r for r in caplog.records if r.message == SHORT]
    assert [vars(r)["topic"] for r in told] == ["events"]
    samples = next(iter(stage.metrics.retention_short.collect())).samples
    assert {s.labels["topic"]: s.value for s in samples} == {"events": 1.0, "labels": 0.0}
