import pytest

from perennial.running.topics import retention, topics_of
from perennial_operator.api.spec import Spec
from tests.support.operator.builders import a_spec


def spec_of(**sections: object) -> Spec:
    return Spec.model_validate(a_spec(**sections))


def test_each_topic_is_told_with_what_stands_on_it() -> None:
    spec = spec_of(
        events={"topic": "e", "id": {"key": True}},
        labels={"topic": "l"},
        predictions={"topic": "p"},
        lifecycle={"topic": "c"},
        deadLetters={"topic": ""},
    )
    assert topics_of(spec) == {
        "e": "events",
        "l": "labels",
        "p": "answers",
        "e.dead-letters": "dead letters",
        "c": "lifecycle messages",
    }


def test_events_and_answers_may_share_a_topic_and_labels_may_lie_inside() -> None:
    spec = spec_of(
        events={"topic": "e"},
        labels={"path": "label"},
        predictions={"topic": "e"},
        deadLetters=None,
    )
    assert topics_of(spec) == {"e": "events and answers", "e.dead-letters": "dead letters"}


@pytest.mark.parametrize(
    ("what", "delay", "hours"),
    [
        ("events", "1h", 6),
        ("labels", "12h", 24),
        ("events and answers", "7d", 14 * 24),
        ("answers", None, 6),
        ("dead letters", "1h", 7 * 24),
        ("lifecycle messages", None, 7 * 24),
    ],
)
def test_what_comes_by_the_hundred_is_kept_while_a_label_may_come_and_what_is_rare_for_a_week(
    what: str, delay: str | None, hours: int
) -> None:
    labels = {"topic": "l", "maxDelay": delay, "id": {"key": True}} if delay else None
    assert retention(spec_of(labels=labels), what) == {"retention.ms": str(hours * 3_600_000)}
