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


def test_records_are_kept_while_a_label_may_come_and_a_day_at_least() -> None:
    day = 86_400_000
    for delay, kept in (("1h", day), ("12h", day), ("7d", 14 * day)):
        spec = spec_of(labels={"topic": "l", "maxDelay": delay, "id": {"key": True}})
        assert retention(spec) == {"retention.ms": str(kept)}
    assert retention(spec_of(labels=None)) == {"retention.ms": str(day)}
