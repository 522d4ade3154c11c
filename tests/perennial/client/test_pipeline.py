from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from perennial import (
    Away,
    ClusterTrouble,
    ManifestTrouble,
    Pipeline,
    Refused,
    TimedOut,
)
from perennial.adapters.kubeconfig.access import Access
from perennial.client.versions import Rollback
from perennial_operator.api.attempts import Attempt, AttemptOutcome, Trigger
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import HandledTriggers, Status
from tests.support.perennial.api_server import PIPELINES, ApiServer, refusal
from tests.support.perennial.pages import (
    FIRST,
    FOURTH,
    KEPT,
    V1,
    V4,
    a_status,
    at,
    conditions,
    entry,
)
from tests.support.perennial.running import a_manifest

PATH = f"{PIPELINES}/income"


class Steps:
    """Clock of the tests: each pause is the next step of what happens meanwhile."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self.steps = list(steps)
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def pause(self, seconds: float) -> None:
        self.time += seconds
        if self.steps:
            self.steps.pop(0)()


@pytest.fixture
def pipeline(server: ApiServer, tmp_path: Path) -> Callable[..., Pipeline]:
    """One that is there, with a clock."""
    access = Access(kubeconfig=str(server.kubeconfig(tmp_path, namespace="team")))
    put(server, Status())

    def make(*steps: Callable[[], object]) -> Pipeline:
        return Pipeline(access, "income", clock=Steps(*steps))

    return make


def put(server: ApiServer, status: Status, generation: int = 1, **spec: Any) -> None:
    held = a_manifest("income", **spec)
    version = str(len(server.asked))
    held["metadata"] |= {"generation": generation, "resourceVersion": version}
    server.hold({**held, "status": status.to_json()})


def ready(generation: int = 1) -> Status:
    told = conditions()
    seen = [each.model_copy(update={"observed_generation": generation}) for each in told]
    return a_status(V4, 118, [FIRST, *KEPT, FOURTH], conditions=seen)


def test_a_file_is_applied_in_the_namespace_that_is_named_or_its_own_or_the_contexts(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path, namespace="team")))
    file = tmp_path / "income.yaml"
    for own in ({}, {"namespace": "ours"}):
        manifest = a_manifest("income")
        manifest["metadata"] |= own
        file.write_text(yaml.safe_dump(manifest))
        Pipeline.from_yaml(file).apply()
        Pipeline.from_yaml(str(file), namespace="theirs").apply(force=True)
    asked = [(path.split("/")[5], query["force"], body) for _, path, query, body in server.asked]
    bodies = [body and body["metadata"] for _, _, body in asked]
    assert [(namespace, force) for namespace, force, _ in asked] == [
        ("team", "false"),
        ("theirs", "true"),
        ("ours", "false"),
        ("theirs", "true"),
    ]
    assert bodies == [{"name": "income", "namespace": namespace} for namespace, *_ in asked]


def test_one_that_is_there_is_found_by_its_name_or_alone_and_has_nothing_to_apply(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path, namespace="team")))
    server.hold(a_manifest("income"))
    for found in (Pipeline.named(), Pipeline.named("income", context="it")):
        assert (found.name, found.namespace) == ("income", "team")
        with pytest.raises(ManifestTrouble, match=r"^income was not read from a file"):
            found.apply()


def test_status_and_history_are_the_operators_own_models(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    put(server, ready())
    assert pipeline().status == ready()
    assert pipeline().history == [FIRST, *KEPT, FOURTH]


def test_it_waits_until_the_condition_is_true_of_the_newest_spec(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    put(server, ready(generation=1), generation=2)
    met = pipeline(lambda: put(server, ready(generation=2), generation=2)).wait(timeout=5)
    assert met == ready(generation=2)


def test_what_is_waited_for_too_long_is_told_with_what_is_there_instead(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    def said(condition: str) -> str:
        with pytest.raises(TimeoutError) as late:
            pipeline().wait(condition, timeout=2)
        assert isinstance(late.value, TimedOut)
        return str(late.value)

    assert said("Ready") == "income is not Ready after 2 s: no operator has looked at it yet"
    missing = ("False", Reason.NO_MODEL, "there is no model")
    stalled = ("True", "ImagePullBackOff", "no such image")
    put(server, Status(conditions=conditions(Ready=missing, Stalled=stalled)))
    assert said("Ready") == (
        "income is not Ready after 2 s: Ready False, NoModel: there is no model;"
        " Stalled True, ImagePullBackOff: no such image"
    )
    put(server, Status(conditions=conditions()))
    assert said("Redy") == "income is not Redy after 2 s: there is no condition Redy"


def test_a_spec_that_the_operator_refuses_is_not_waited_for(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    why = "spec.retrain.schedule.cron: 61 is no minute"
    put(server, Status(conditions=conditions(Accepted=("False", Reason.SPEC_INVALID, why))))
    with pytest.raises(Refused, match=f"^{why}$"):
        pipeline().wait()


def test_an_api_server_that_is_away_for_less_than_a_minute_ends_nothing(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    server.answers["GET", PATH] = refusal(503, "ServiceUnavailable", "it starts")

    def back() -> None:
        del server.answers["GET", PATH]
        put(server, ready())

    away = [lambda: None] * 58
    assert pipeline(*away, back).wait(timeout=600) == ready()
    server.answers["GET", PATH] = refusal(503, "ServiceUnavailable", "it starts")
    with pytest.raises(Away, match="it starts"):
        pipeline(*away, *away, back).wait(timeout=600)


def test_it_is_watched_from_change_to_change(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    watched = pipeline(lambda: None, lambda: put(server, ready())).watch()
    assert [next(watched), next(watched)] == [Status(), ready()]


def test_a_request_to_retrain_is_another_each_time(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    requests = [pipeline().retrain() for _ in range(2)]
    set_to = [body and body["spec"] for method, _, _, body in server.asked if method == "PATCH"]
    assert set_to == [{"retrain": {"request": request}} for request in requests]
    assert len({*requests}) == 2


def an_attempt(number: int, request: str) -> Attempt:
    return Attempt(number=number, trigger=Trigger.REQUEST, request=request, started_at=at(0))


def test_the_attempt_that_answers_a_request_is_the_one_that_began_after_it(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    asked = {"threshold": 2000, "request": "now"}
    handled = HandledTriggers(request="now")
    lost = entry(5, AttemptOutcome.SUPERSEDED, 130)
    sixth = entry(6, AttemptOutcome.REJECTED, 150)
    seventh = entry(7, AttemptOutcome.REJECTED, 160)
    states = [
        Status(attempt=an_attempt(4, "before")),
        Status(attempt=an_attempt(4, "before"), history=[FOURTH]),
        Status(attempt=an_attempt(5, "now"), history=[FOURTH]),
        Status(attempt=an_attempt(5, "now"), history=[FOURTH, lost]),
        Status(attempt=an_attempt(6, "now"), history=[FOURTH, lost]),
        Status(attempt=an_attempt(7, "next"), history=[lost, sixth, seventh], handled=handled),
    ]
    first, *later = [partial(put, server, each, retrain=asked) for each in states]
    first()
    assert pipeline(*later).retrained("now", timeout=60) == sixth


def test_an_attempt_that_does_not_end_or_is_not_to_come_is_told(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    running = ("True", Reason.ATTEMPT_RUNNING, "attempt 5: Request")
    put(server, Status(conditions=conditions(Training=running)), retrain={"request": "now"})
    with pytest.raises(TimedOut) as late:
        pipeline().retrained("now", timeout=1)
    assert str(late.value) == (
        "no attempt has ended after 1 s: Training True, AttemptRunning: attempt 5: Request"
    )
    with pytest.raises(ClusterTrouble, match=r"^another request to retrain took its place: now$"):
        pipeline().retrained("before", timeout=1)


def test_a_rollback_pins_and_unpin_clears(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    put(server, ready())
    assert pipeline().rollback() == Rollback(V1, served=V4, pin="")
    assert server.objects[PATH]["spec"]["model"] == {"pin": V1}
    assert pipeline().unpin() == V4
    assert server.objects[PATH]["spec"]["model"] == {"pin": ""}


def test_a_version_is_forgiven_once_by_one_value(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    broken = ready().model_copy(update={"bad_versions": [V1]})
    put(server, broken)
    pipeline().rollback("v1", forgive=True)
    assert server.objects[PATH]["spec"]["model"] == {"pin": V1, "forgive": V1}
    with pytest.raises(ClusterTrouble, match=r"clear model\.forgive first"):
        pipeline().rollback("v1", forgive=True)


def test_a_version_serves_once_all_pods_answer_with_it(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    put(server, ready())
    back = a_status(V1, 140, [FIRST, *KEPT, FOURTH], head=V4)
    assert pipeline(lambda: put(server, back)).serving(V1, timeout=9) == back
    with pytest.raises(TimedOut, match=f"^{V4} does not serve after 1 s: ModelAvailable True, "):
        pipeline().serving(V4, timeout=1)
    why = f"spec.model.pin: {V4} failed through its own fault; {V1} keeps serving"
    missing = ("False", Reason.PIN_UNAVAILABLE, why)
    put(server, back.model_copy(update={"conditions": conditions(ModelAvailable=missing)}))
    with pytest.raises(ClusterTrouble, match=f"^{why}$"):
        pipeline().serving(V4)


def test_a_pin_that_somebody_takes_back_is_not_waited_for(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    put(server, ready())
    waiting = pipeline(lambda: None, lambda: put(server, ready()))
    waiting.rollback()

    with pytest.raises(ClusterTrouble, match=f"^somebody else has set model.pin to nothing .*{V1}"):
        waiting.serving(V1)


def test_it_is_deleted_once(pipeline: Callable[..., Pipeline]) -> None:
    assert [pipeline().delete(), pipeline().delete()] == [True, False]


def test_a_status_of_a_later_version_that_cannot_be_read_is_told_by_its_field(
    server: ApiServer, pipeline: Callable[..., Pipeline]
) -> None:
    server.objects[PATH]["status"] = {"badVersions": {"v1": "broken"}}
    with pytest.raises(ClusterTrouble) as trouble:
        _ = pipeline().status
    assert str(trouble.value) == (
        "status.badVersions cannot be read (Input should be a valid list): use the perennial-loop"
        " of the operator's version"
    )
