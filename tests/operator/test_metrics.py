from datetime import timedelta
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from perennial_operator.api.status import Status
from perennial_operator.metrics import Metrics, registry
from perennial_operator.observe.containers import Ended
from tests.support.operator.attempts import LATER, during, ends
from tests.support.operator.builders import (
    NOW,
    V1,
    V2,
    a_job,
    a_model,
    a_pipeline,
    a_resource,
    a_trainer,
    a_world,
    after,
    an_entry,
    decide,
    serving,
)

Json = dict[str, Any]


def count(metrics: Metrics, metric: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"perennial_operator_{metric}", labels)


def promoted(**changes: Any) -> Status:
    """The second attempt was promoted; its trainer took 60 s of its 100 s."""
    times: Json = {"started_at": NOW - timedelta(seconds=100), "ended_at": NOW}
    second = an_entry(2, seconds={"search": 40.0, "publish": 20.0}, **times)
    return serving(head=V2, history=[an_entry(1), second], **changes)


def test_an_attempt_that_ends_is_counted_once_with_its_outcome_and_its_times() -> None:
    metrics = Metrics()

    metrics.changed(serving(), promoted())
    metrics.changed(promoted(), promoted())

    assert count(metrics, "attempts_total", outcome="Promoted", reason="Better") == 1
    assert count(metrics, "attempt_duration_seconds_sum") == 100
    assert count(metrics, "attempt_stage_duration_seconds_sum", stage="search") == 40
    assert count(metrics, "attempt_stage_duration_seconds_count", stage="publish") == 1


def test_the_way_to_what_serves_is_timed_from_intent_and_from_verdict() -> None:
    metrics = Metrics()
    served = a_model(a_pipeline(), V2, since=NOW + timedelta(seconds=30))

    metrics.changed(promoted(), promoted(model=served))

    assert count(metrics, "trigger_to_serving_seconds_sum") == 130
    assert count(metrics, "promotion_to_serving_seconds_sum") == 30


def test_to_go_back_to_an_old_version_is_no_promotion() -> None:
    metrics = Metrics()
    bad = promoted(bad_versions=[V2], model=a_model(a_pipeline(), V1, since=NOW))

    metrics.changed(promoted(model=a_model(a_pipeline(), V2)), bad)

    assert count(metrics, "rollbacks_total") == 1
    assert count(metrics, "trigger_to_serving_seconds_count") == 0


def test_a_status_that_is_empty_yet_counts_nothing() -> None:
    metrics = Metrics()

    metrics.changed(Status.model_validate(a_resource().get("status", {})), Status())

    assert count(metrics, "rollbacks_total") == 0


def test_a_failed_try_is_counted_once_by_its_reason() -> None:
    metrics, pipeline = Metrics(), during(2)
    failed = after(pipeline, ends(pipeline, LATER))
    again = after(failed, ends(failed, LATER))

    metrics.changed(pipeline.status, failed.status)
    metrics.changed(failed.status, again.status)

    assert count(metrics, "failed_tries_total", reason="BucketMissing") == 1


def test_a_try_that_was_disrupted_is_counted_apart() -> None:
    metrics, pipeline = Metrics(), during(2, failures=1, failed_for="OOMKilled")
    attempt = pipeline.status.attempt
    assert attempt
    pod = a_trainer(running=False, disrupted=True, ended=Ended(143, "Error", ""))
    world = a_world(pipeline, job=a_job(pipeline, attempt), more=(pod,))

    metrics.changed(pipeline.status, decide(pipeline, world).status)

    assert count(metrics, "disrupted_tries_total") == 1
    assert count(metrics, "failed_tries_total", reason="OOMKilled") is None


def test_a_reason_that_nobody_knows_makes_no_label_of_its_own() -> None:
    metrics, pipeline = Metrics(), during(2)
    said = Ended(75, "Error", '{"problem": {"reason": "x9f3", "message": "made up"}}')

    metrics.changed(pipeline.status, after(pipeline, ends(pipeline, said)).status)
    metrics.changed(serving(), serving(history=[an_entry(1), an_entry(2, reason="x9f3")]))

    assert count(metrics, "failed_tries_total", reason="Other") == 1
    assert count(metrics, "attempts_total", outcome="Promoted", reason="Other") == 1


INCOME: Json = {"namespace": "team", "name": "income"}


def test_each_pipeline_has_its_numbers_until_it_goes() -> None:
    metrics, pipeline = Metrics(), a_pipeline(serving())
    status = decide(pipeline, a_world(pipeline)).status

    metrics.show("team", "income", status, 1000)

    assert count(metrics, "pipeline_ready", **INCOME) == 1
    assert count(metrics, "pipeline_stalled", **INCOME) == 0
    assert count(metrics, "pipeline_failed_tries", **INCOME) == 0
    assert count(metrics, "pipeline_labels", **INCOME) == 20
    assert count(metrics, "pipeline_labels_threshold", **INCOME) == 1000
    made = (NOW - timedelta(minutes=1)).timestamp()
    assert count(metrics, "pipeline_model_timestamp_seconds", **INCOME) == made
    metrics.forget("team", "income")
    assert b'name="income"' not in metrics.text()


def test_a_pipeline_that_fails_and_stalls_shows_it_in_its_numbers() -> None:
    metrics, pipeline = Metrics(), during(2)
    status = ends(pipeline, LATER).status
    ready = status.conditions[0]
    stalled = ready.model_copy(update={"type": "Stalled"})
    broken = ready.model_copy(update={"status": "False"})
    conditions = [broken, *status.conditions[1:], stalled]

    metrics.show("team", "income", status.model_copy(update={"conditions": conditions}), 1000)

    assert count(metrics, "pipeline_ready", **INCOME) == 0
    assert count(metrics, "pipeline_stalled", **INCOME) == 1
    assert count(metrics, "pipeline_failed_tries", **INCOME) == 1


def test_a_model_that_was_gone_back_to_is_as_old_as_it_is() -> None:
    metrics, old = Metrics(), NOW - timedelta(days=30)
    serves = a_model(a_pipeline(), V1, since=NOW)
    status = serving(model=serves, history=[an_entry(1, ended_at=old)])

    metrics.show("team", "income", status, 1000)

    assert count(metrics, "pipeline_model_timestamp_seconds", **INCOME) == old.timestamp()


def test_a_pipeline_without_model_has_no_age_of_it() -> None:
    metrics = Metrics()

    metrics.show("team", "income", serving(), 1000)
    metrics.show("team", "income", Status(), 1000)

    assert count(metrics, "pipeline_model_timestamp_seconds", **INCOME) is None


def test_every_name_has_its_unit_and_every_metric_says_what_it_is() -> None:
    metrics = Metrics()
    metrics.request("PATCH", "deployments", 200)

    found = list(text_string_to_metric_families(metrics.text().decode()))

    named = {each.name: each for each in found if not each.name.endswith("_created")}
    assert named.keys() == {each.name for each in registry().collect()}
    for name, each in named.items():
        assert name.startswith("perennial_operator_")
        assert each.documentation.endswith(".")
        assert each.type != "histogram" or name.endswith("_seconds")
    (sample,) = [s for s in named["perennial_operator_api_requests"].samples if s.value == 1]
    assert sample.labels == {"method": "PATCH", "resource": "deployments", "code": "200"}
