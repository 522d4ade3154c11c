from collections import Counter

from perennial_contract.status import MAX_BYTES, BundleState, PredictorReport, Problem
from perennial_predictor.scoring.records import Tally
from perennial_predictor.status import Part, State


def test_it_is_ready_when_the_model_is_verified_and_the_group_joined() -> None:
    state = State("uid-1", "pod-1", "v1-00000000")
    assert _reason(state) == "ModelLoading"
    state.bundle = BundleState.VERIFIED
    assert _reason(state) == "GroupNotJoined"
    state.joined = True
    assert state.report() == PredictorReport(
        uid="uid-1",
        pod="pod-1",
        ready=True,
        version="v1-00000000",
        bundle=BundleState.VERIFIED,
    )


def test_the_gravest_problem_is_shown_and_goes_when_it_is_cleared(state: State) -> None:
    state.joined = True
    state.say(Part.DELIVERY, Problem(reason="DeliveryFailed", message="timed out"))
    state.say(Part.TOPICS, Problem(reason="TopicMissing", message="topic a does not exist"))
    assert _reason(state) == "TopicMissing"
    state.clear(Part.TOPICS)
    assert _reason(state) == "DeliveryFailed"
    state.clear(Part.DELIVERY)
    assert state.report().ready


def test_a_process_without_a_heartbeat_for_a_minute_is_stuck(state: State) -> None:
    state.heartbeat.beat(1000.0)
    assert state.heartbeat.alive(1059.0)
    assert not state.heartbeat.alive(1061.0)


def test_the_report_fits_its_bound_however_many_features_are_unknown(state: State) -> None:
    state.add(Tally(unknown=Counter({f"{i:\U0001f600>253}": i for i in range(1000)})))
    text = state.report().to_status()
    assert len(text.encode()) <= MAX_BYTES
    assert max(PredictorReport.model_validate_json(text).unknown.values()) == 999


def _reason(state: State) -> str:
    problem = state.report().problem
    return problem.reason if problem else ""
