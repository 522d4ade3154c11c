import json
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from perennial.page.data import Serving, to_json
from perennial.page.pipeline import PINNED, UNKNOWN, Measured, page
from perennial.page.traffic import Answer, DeadLetters, Lag
from perennial_operator.api.status import Status
from tests.support.perennial import pages
from tests.support.perennial.pages import (
    FIRST,
    FOURTH,
    KEPT,
    V1,
    V4,
    V6,
    a_status,
    at,
    resource,
)

every = st.text(st.characters(exclude_categories=()))


def serving(status: Status, **spec: Any) -> Serving | None:
    return page(resource(status, **spec), Measured()).serving


def test_what_serves_tells_since_when_and_why() -> None:
    assert serving(a_status(V4, 118, [FIRST, FOURTH])) == Serving(
        version=V4, since=at(118), why=FOURTH.message, loss=0.318, metric="logloss"
    )


def test_a_pin_is_the_reason_and_so_is_a_version_that_failed() -> None:
    pinned = serving(a_status(V1, 34, [FIRST, FOURTH]), model={"pin": V1})
    back = serving(a_status(V4, 34, [FIRST, FOURTH], head=V6, bad_versions=[V6]))
    forgotten = serving(a_status(V1, 34, [FOURTH]))

    assert [each.why if each else "" for each in (pinned, back, forgotten)] == [
        PINNED,
        f"{FOURTH.message}; {V6} was promoted after it, failed and was taken back",
        UNKNOWN,
    ]


def test_what_was_not_measured_is_unknown_rather_than_none() -> None:
    shown = page(resource(Status()), Measured())

    assert (shown.lag, shown.dead_letters, shown.serving, shown.running) == (None, None, None, None)
    assert json.loads(to_json(shown))["records"] == dict.fromkeys(
        ["sent", "answered", "lost", "doubled", "skipped"]
    )


def test_lag_stands_by_topic_and_dead_letters_by_how_many_there_are() -> None:
    measured = Measured(lag={"b": 1, "a": 0}, dead_letters={"NoId": 1, "NotJson": 7, "Empty": 0})

    shown = page(resource(Status()), measured)

    assert shown.lag == [Lag(topic="a", records=0), Lag(topic="b", records=1)]
    assert shown.dead_letters is not None
    assert [(each.reason, each.count) for each in shown.dead_letters] == [
        ("NotJson", 7),
        ("NoId", 1),
    ]
    assert shown.dead_letters[1] == DeadLetters(
        reason="NoId",
        count=1,
        remedy="Send a string or a number where events.id or labels.id points, or correct these.",
    )


def test_the_newest_answers_come_first_and_few_of_them() -> None:
    given = pages.recent(V4, 100, count=50)

    shown = page(resource(Status()), Measured(answers=given)).answers

    assert [each.id for each in shown] == [each.id for each in reversed(given[-12:])]


def test_a_spec_of_another_version_leaves_the_rest_to_be_seen() -> None:
    shown = page(resource(a_status(V1, 34, [FIRST]), events={"topic": 7}), Measured())

    assert shown.labels is None
    assert shown.serving is not None


@given(every, every, every)
def test_texts_that_others_wrote_can_be_shown_whatever_they_are(
    id_: str, label: str, reason: str
) -> None:
    answer = Answer(at=at(1), id=id_, label=label, probability=0.5, model=label, right=None)
    measured = Measured(answers=[answer], lag={reason: 1}, dead_letters={reason: 2})

    shown = page(resource(Status()), measured, problem=reason)

    assert json.loads(to_json(shown))["answers"][0]["probability"] == 0.5


def test_where_no_topic_is_read_the_picture_is_of_what_attempts_lost() -> None:
    status = a_status(V4, 118, [FIRST, *KEPT, FOURTH])

    unread = page(resource(status), Measured(unread="Kafka is away."))
    waiting = page(resource(status), Measured())

    assert unread.unread == "Kafka is away."
    assert "of what served, over 4 attempts" in str(unread.wide)
    assert (waiting.wide, waiting.unread) == ("", "")


def test_the_document_has_these_names() -> None:
    document = json.loads(to_json(pages.steady(at(200))))

    assert list(document) == [
        *("name", "namespace", "written", "problem", "state", "concerns", "serving", "labels"),
        *("next", "running", "attempts", "earlier", "records", "lag", "deadLetters", "points"),
        *("marks", "answers", "uncounted", "unread", "wide", "narrow"),
    ]
    assert datetime.fromisoformat(document["written"]) == at(200)
