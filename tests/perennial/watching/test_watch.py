from typing import Any

import pytest

from perennial.page.overview import UNREADABLE
from perennial.page.traffic import Lag, Records
from perennial.watching.topics import AGAIN
from perennial.watching.watch import GONE, UNREAD, Watch
from perennial_contract.status import PredictorReport, RecorderReport
from perennial_operator.api.attempts import HistoryEntry
from perennial_operator.api.status import Status
from tests.fakes.places import Clock, FakePlace, a_place
from tests.support.perennial.pages import (
    FIRST,
    FOURTH,
    KEPT,
    V1,
    V4,
    a_status,
    resource,
    steady,
)
from tests.support.perennial.streams import answer, label, record, spec


def loans(model: str, since: float, history: list[HistoryEntry]) -> dict[str, Any]:
    return resource(a_status(model, since, history))


def watching(place: FakePlace, clock: Clock) -> Watch:
    return Watch(place, place.resources[0], clock.now)


def test_a_look_shows_what_the_resource_the_topics_the_pods_and_storage_tell() -> None:
    place = a_place(
        said=[
            RecorderReport(uid="u", pod="r", ready=True, lag={"loans-events": 3}),
            PredictorReport(uid="u", pod="p", ready=True, version=V1, answered=9, skipped=2),
        ],
        held={"loans-predictions": 12, "loans-dead-letters": 5},
    )
    watch = watching(place, Clock())
    watch.look()
    place.tails[0].records = [
        answer(spec(), "x", 0.9),
        label("x", "A"),
        record("loans-dead-letters", b"", perennial_reason="NotJson"),
        record("loans-dead-letters", b"receipt"),
    ]
    place.tails[0].left_out = {"loans-dead-letters": 3}

    page = watch.look()

    assert (page.points.accuracy, page.answers[0].id, page.answers[0].right) == ([1.0], "x", True)
    assert page.lag == [Lag(topic="loans-events", records=3)]
    assert page.records == Records(answered=12, skipped=2)
    assert [(each.reason, each.count) for each in page.dead_letters or ()] == [("NotJson", 1)]
    assert (page.uncounted, page.unread, page.problem) == (3, "", "")
    assert len(page.attempts[0].candidates) == 2
    assert [mark.label for mark in page.marks] == ["v1"]


def test_the_place_is_asked_as_often_as_it_allows_and_verdicts_once() -> None:
    place, clock = a_place(), Clock()
    watch = watching(place, clock)
    for _ in range(10):
        watch.look()
        clock.time += 1

    assert place.asked == 2
    assert place.verdicts_asked == [1]


def test_storage_that_cannot_be_read_from_here_is_asked_once() -> None:
    place, clock = FakePlace(storage_away="S3 does not answer."), Clock()
    place.resources = [loans(V4, 118, [FIRST, *KEPT, FOURTH])]
    watch = watching(place, clock)
    for _ in range(3):
        page = watch.look()
        clock.time += place.every

    assert place.verdicts_asked == [4]
    assert [each.candidates for each in page.attempts] == [[]] * 4


def test_a_clock_that_goes_back_holds_no_look_up() -> None:
    place, clock = a_place(), Clock()
    watch = watching(place, clock)
    watch.look()
    clock.time -= 3600
    place.resources = [loans(V4, 118, [FIRST, *KEPT, FOURTH])]

    page = watch.look()

    assert page.serving
    assert page.serving.version == V4


def test_what_the_status_forgets_stays_on_the_page() -> None:
    place, clock = a_place(), Clock()
    watch = watching(place, clock)
    watch.look()
    place.resources = [loans(V4, 118, [*KEPT, FOURTH])]
    clock.time += place.every

    page = watch.look()

    assert [each.number for each in page.attempts] == [4, 3, 2, 1]
    assert [mark.label for mark in page.marks] == ["v1", "v4"]


def test_while_the_place_is_away_what_was_seen_stays_and_it_is_said() -> None:
    place, clock = a_place(), Clock()
    watch = watching(place, clock)
    watch.look()
    place.away, clock.time = "The API server is away.", clock.time + place.every

    page = watch.look()

    assert page.problem == "The API server is away. You see what was seen last."
    assert page.serving
    place.away, clock.time = "", clock.time + place.every
    assert watch.look().problem == ""


def test_a_pipeline_that_is_deleted_is_shown_as_it_was() -> None:
    place, clock = a_place(), Clock()
    watch = watching(place, clock)
    watch.look()
    place.resources, clock.time = [], clock.time + place.every

    page = watch.look()

    assert (page.problem, bool(page.serving)) == (GONE, True)


def test_where_kafka_is_away_the_pods_tell_and_it_is_tried_again() -> None:
    said = [
        PredictorReport(
            uid="u", pod="p", ready=True, version=V1, answered=9, dead_letters={"NoId": 1}
        )
    ]
    place, clock = a_place(said=said, kafka_away="Kafka is away."), Clock()
    watch = watching(place, clock)

    page = watch.look()

    assert (page.unread, page.points.at) == ("Kafka is away.", [])
    assert page.records == Records(answered=9)
    assert [(each.reason, each.count) for each in page.dead_letters or ()] == [("NoId", 1)]
    place.kafka_away = ""
    watch.look()
    assert place.tails == []
    clock.time += AGAIN
    assert watch.look().unread == ""
    assert len(place.tails) == 1


def test_a_tail_that_breaks_is_closed_and_begun_anew() -> None:
    place, clock = a_place(), Clock()
    watch = watching(place, clock)
    watch.look()
    place.tails[0].away = "Topic loans-labels is gone."

    assert watch.look().unread == "Topic loans-labels is gone."
    assert place.tails[0].closed
    clock.time += AGAIN
    assert watch.look().unread == ""


def test_classes_that_a_trainer_found_are_those_of_the_answers() -> None:
    schema, place, clock = {"label": None}, FakePlace(), Clock()
    place.resources = [resource(Status(), schema=schema)]
    watch = watching(place, clock)
    watch.look()
    assert place.tails == []

    found = {"label": {"positive": "A", "negative": "B"}}
    place.resources = [resource(a_status(V1, 34, [FIRST], **found), schema=schema)]
    clock.time += place.every
    watch.look()
    place.tails[0].records = [answer(spec(), "x", 0.9), label("x", "A")]
    assert watch.look().points.loss == [pytest.approx(0.1054, abs=1e-4)]


def test_a_spec_that_names_other_topics_is_followed_there() -> None:
    place, clock = a_place(), Clock()
    watch = watching(place, clock)
    watch.look()
    place.resources = [resource(a_status(V1, 34, [FIRST]), predictions={"topic": "other"})]
    clock.time += place.every

    watch.look()

    assert place.tails[0].closed
    assert list(place.tails[1].newest) == ["other", "loans-labels", "loans-dead-letters"]


def test_a_run_that_has_left_its_report_is_that_report() -> None:
    place = a_place(report=steady())
    watch = watching(place, Clock())

    assert watch.glance() == watch.look() == steady()
    assert place.asked == 0


def test_a_run_that_has_ended_is_not_asked_for_records() -> None:
    place = a_place(why="The run is not at work.")

    page = watching(place, Clock()).look()

    assert page.problem == "The run is not at work."
    assert place.tails == []


def test_a_status_of_a_later_version_is_told_and_what_was_read_stays() -> None:
    place, clock = a_place(), Clock()
    place.resources = [{**place.resources[0], "status": {"model": 7}}]
    watch = watching(place, clock)
    assert (watch.glance().problem, watch.glance().serving) == (UNREAD, None)
    assert watch.look().state == UNREADABLE

    place.resources, clock.time = a_place().resources, clock.time + place.every
    assert (watch.look().problem, watch.look().state.word) == ("", "Ready")

    place.resources = [{**place.resources[0], "status": {"model": 7}}]
    clock.time += place.every
    page = watch.look()
    assert (page.problem, page.state, bool(page.serving)) == (UNREAD, UNREADABLE, True)
