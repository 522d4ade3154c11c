from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from perennial_contract.status import RecorderReport
from perennial_recorder.join.fates import Fate
from perennial_recorder.metrics import Metrics, registry
from tests.fakes.s3 import Fault
from tests.support.recorder.harness import Stage

Samples = dict[tuple[str, str], float]


def samples(made: CollectorRegistry) -> Samples:
    """Value by name and label's value."""
    text = generate_latest(made).decode()
    return {
        (s.name.removeprefix("perennial_recorder_"), next(iter(s.labels.values()), "")): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


def report(**said: object) -> RecorderReport:
    return RecorderReport.model_validate({"uid": "uid", "pod": "pod", "ready": True, **said})


def test_every_metric_has_a_help_text_and_our_prefix_and_a_unit_or_none() -> None:
    made = list(registry().collect())
    assert {m.name for m in made} >= {
        "perennial_recorder_observations",
        "perennial_recorder_unused_records",
        "perennial_recorder_pending_events",
        "perennial_recorder_lag_records",
        "perennial_recorder_segments",
        "perennial_recorder_segment_bytes",
        "perennial_recorder_flush_duration_seconds",
        "perennial_recorder_checkpoints",
        "perennial_recorder_failures",
        "perennial_recorder_restarts_over",
    }
    for metric in made:
        assert metric.name.startswith("perennial_recorder_")
        assert metric.documentation.endswith(".")


def test_what_a_recorder_did_is_told(stage: Stage) -> None:
    made = stage.metrics.registry(stage.recorder.report)
    stage.event("a")
    stage.event("b")
    stage.label("a", "yes")
    stage.label("x", "maybe")
    stage.steps()
    told = samples(made)
    assert told["observations_total", ""] == 1
    assert told["pending_events", ""] == 1
    assert told["unused_records_total", "rejected_label"] == 1
    assert told["unused_records_total", "duplicate_event"] == 0
    assert told["lag_records", "events"] == 0
    assert told["segments_total", ""] == 1
    assert told["segment_bytes_total", ""] > 100
    assert told["flush_duration_seconds_count", ""] == 1
    assert told["checkpoints_total", ""] >= 1


def test_what_was_left_out_is_counted_from_the_start_of_the_process(stage: Stage) -> None:
    # A killed recorder knows less than it had told, and Prometheus takes any fall for a new start.
    made = stage.metrics.registry(stage.recorder.report)
    for _ in range(3):
        stage.event("a")
    stage.label("a", "yes")
    stage.later(60)
    before = samples(made)
    stage.kill()
    stage.start()
    made = stage.metrics.registry(stage.recorder.report)
    stage.steps()
    began = samples(made)
    stage.event("a")
    stage.steps()
    told = [before, began, samples(made)]
    assert [t["unused_records_total", "duplicate_event"] for t in told] == [2, 0, 1]
    assert [t["observations_total", ""] for t in told] == [1, 1, 1]


def test_failures_are_counted_by_their_reason(stage: Stage) -> None:
    made = stage.metrics.registry(stage.recorder.report)
    stage.steps()
    stage.event("a")
    stage.label("a", "yes")
    stage.s3.faults.extend([Fault.NEVER_ARRIVED] * 2)
    stage.steps()
    assert samples(made)["failures_total", "StorageUnavailable"] == 2


def test_another_writer_is_counted(stage: Stage) -> None:
    made = stage.metrics.registry(stage.recorder.report)
    stage.steps()
    stage.store.put_new("observations/checkpoints/00000000000000000001.json", b"{}")
    stage.event("a")
    stage.steps(2)
    assert samples(made)["restarts_over_total", "another_writer"] == 1


def test_a_counter_is_not_told_before_there_is_one_and_never_falls() -> None:
    said = [
        report(),
        report(written={"t": {"0": 7}}, counts={"observations": 7, "given_up": 3}),
        report(),
        report(written={"t": {"0": 7}}, counts={"observations": 7, "given_up": 2, "joined": 7}),
    ]
    now = iter(said)
    made = Metrics().registry(lambda: next(now))
    told = [samples(made) for _ in said]
    given_up = ("unused_records_total", "given_up")
    assert [t.get(given_up) for t in told] == [None, 3, 3, 3]
    assert [t.get(("observations_total", "")) for t in told] == [None, 7, 7, 7]


def test_before_the_first_session_no_counter_begins_at_zero() -> None:
    told = samples(Metrics().registry(report))
    assert ("observations_total", "") not in told
    assert ("unused_records_total", Fate.GIVEN_UP) not in told
