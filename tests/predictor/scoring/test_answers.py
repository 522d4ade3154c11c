import json
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perennial_contract.messages.record import Record
from perennial_contract.reasons import DeadLetter
from perennial_contract.resource.streams import Filter, Labels, Predictions
from perennial_contract.settings import PredictorSettings
from perennial_predictor.scoring import binary
from perennial_predictor.scoring.answers import Answerer
from perennial_predictor.scoring.records import Outgoing, Tally
from tests.fakes.bundle import a_bundle, probabilities

PERSON = {"age": 40, "job": "smith"}


def incoming(value: bytes | None, headers: Any = None) -> Record:
    return Record("events", 1, 7, b"key", value, headers)


def as_read(out: Outgoing) -> Record:
    """What was sent, as a consumer of its topic sees it."""
    headers = [(n, v.encode() if isinstance(v, str) else v) for n, v in out.headers]
    return Record("events", 1, 8, out.key, out.value, headers)


def test_an_answer_carries_key_headers_model_source_and_pipeline(answerer: Answerer) -> None:
    bundle, _ = a_bundle()
    event = incoming(json.dumps({"id": "a", **PERSON}).encode(), [("trace", b"1")])
    (out,), tally = answerer.answer([event])
    assert json.loads(out.value or b"") == {
        "id": "a",
        "prediction": 1.0,
        "label": ">50K",
        "probability": probabilities([PERSON])[0],
        "model": bundle.version,
    }
    assert out._replace(value=None) == Outgoing(
        event,
        b"key",
        None,
        [
            ("trace", b"1"),
            ("perennial-model", bundle.version),
            ("perennial-source", "events/1/7"),
            ("perennial-pipeline", "ns.income"),
        ],
    )
    assert tally == Tally(answered=1)


def test_a_rejected_event_is_a_dead_letter_with_the_reason_and_all_it_came_with(
    answerer: Answerer,
) -> None:
    event = incoming(b'{"age": 40}', [("trace", b"1")])
    (out,), tally = answerer.answer([event])
    assert out == Outgoing(
        event,
        b"key",
        b'{"age": 40}',
        [
            ("trace", b"1"),
            ("perennial-reason", "NoId"),
            ("perennial-detail", "there is no id, a text or a number, at id"),
            ("perennial-source", "events/1/7"),
            ("perennial-pipeline", "ns.income"),
        ],
        DeadLetter.NO_ID,
    )
    assert tally == Tally(dead_letters={"NoId": 1})


def test_values_that_the_model_does_not_know_are_counted(answerer: Answerer) -> None:
    _, tally = answerer.answer([incoming(b'{"id": 1, "age": "old", "job": "jester"}')])
    assert tally.unknown == {"age": 1, "job": 1}


def test_a_label_inside_the_event_does_not_change_the_answer(settings: PredictorSettings) -> None:
    bundle, _ = a_bundle()
    inside = settings.model_copy(update={"labels": Labels(path="income")})
    answerer = Answerer(inside, binary.load(bundle, inside))
    bare = json.dumps({"id": 1, **PERSON}).encode()
    labelled = json.dumps({"id": 1, "income": ">50K", **PERSON}).encode()
    first, second = answerer.answer([incoming(bare), incoming(labelled)])[0]
    assert first.value == second.value


def test_only_own_answers_on_a_shared_topic_are_skipped(settings: PredictorSettings) -> None:
    bundle, _ = a_bundle()
    shared = settings.model_copy(update={"predictions": Predictions(topic="events")})
    answerer = Answerer(shared, binary.load(bundle, shared))
    value = json.dumps({"id": 1, **PERSON}).encode()
    (out,), _ = answerer.answer([incoming(value)])
    own = as_read(out)
    others = own._replace(headers=[*(own.headers or ()), ("perennial-pipeline", b"ns.other")])
    named = others._replace(headers=[h for h in others.headers or () if h[1] != b"ns.income"])
    sent, tally = answerer.answer([own, named, incoming(value)])
    assert [each.origin for each in sent] == [named, incoming(value)]
    assert (tally.answered, tally.own_answers) == (2, 1)


def test_an_application_that_forwards_our_headers_is_answered(settings: PredictorSettings) -> None:
    bundle, _ = a_bundle()
    shared = settings.model_copy(update={"predictions": Predictions(topic="events")})
    answerer = Answerer(shared, binary.load(bundle, shared))
    (out,), _ = answerer.answer([incoming(json.dumps({"id": 1, **PERSON}).encode())])
    forwarding = as_read(out)._replace(value=json.dumps({"id": 2, **PERSON}).encode())
    (second,), tally = answerer.answer([forwarding])
    assert tally == Tally(answered=1)
    names = [name for name, _ in second.headers]
    assert sorted(names) == sorted(set(names))
    assert answerer.answer([as_read(second)]) == ([], Tally(own_answers=1))


def test_pipelines_that_share_one_topic_do_not_answer_each_other_for_ever(
    settings: PredictorSettings,
) -> None:
    bundle, _ = a_bundle()
    answerers = []
    for name in ("income", "risk"):
        shared = settings.model_copy(
            update={"name": name, "predictions": Predictions(topic="events")}
        )
        answerers.append(Answerer(shared, binary.load(bundle, shared)))
    written = [incoming(json.dumps({"id": 1, **PERSON}).encode())]
    answered = 0
    for _ in range(5):
        written = [as_read(out) for each in answerers for out in each.answer(written)[0]]
        answered += len(written)
    assert (answered, written) == (4, []), "both answer the event, and the other's answer to it"


def test_a_dead_letter_sent_to_a_shared_topic_again_is_an_event(
    settings: PredictorSettings,
) -> None:
    bundle, _ = a_bundle()
    shared = settings.model_copy(update={"predictions": Predictions(topic="events")})
    answerer = Answerer(shared, binary.load(bundle, shared))
    (dead,), _ = answerer.answer([incoming(json.dumps(PERSON).encode())])
    mended = as_read(dead)._replace(value=json.dumps({"id": 1, **PERSON}).encode())
    assert answerer.answer([mended])[1] == Tally(answered=1)


def test_own_names_mean_nothing_where_topics_differ(answerer: Answerer) -> None:
    event = incoming(b'{"id": 1}', [("perennial-pipeline", b"ns.income")])
    assert len(answerer.answer([event])[0]) == 1


def test_what_the_filter_leaves_alone_is_neither_answered_nor_a_dead_letter(
    settings: PredictorSettings,
) -> None:
    bundle, _ = a_bundle()
    wanted = settings.events.model_copy(update={"filter": Filter(path="type", values=["event"])})
    filtering = settings.model_copy(update={"events": wanted})
    answerer = Answerer(filtering, binary.load(bundle, filtering))
    event = incoming(json.dumps({"id": 1, "type": "event", **PERSON}).encode())
    another = incoming(b'{"id": 1, "type": "answer"}')
    poison = incoming(b"poison")
    out, tally = answerer.answer([another, event, poison, another])
    assert [(each.origin, each.reason) for each in out] == [
        (event, None),
        (poison, DeadLetter.NOT_JSON),
    ]
    assert tally == Tally(answered=1, dead_letters=Counter(NotJson=1), filtered=2)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.none(),
            st.binary(max_size=40),
            st.builds(
                lambda value: json.dumps(value).encode(),
                st.recursive(
                    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda below: (
                        st.lists(below, max_size=3)
                        | st.dictionaries(st.sampled_from(["id", "age", "job"]), below)
                    ),
                    max_leaves=8,
                ),
            ),
        ),
        max_size=20,
    )
)
def test_any_bytes_give_as_many_answers_and_dead_letters_in_their_order(
    answerer: Answerer, values: list[bytes | None]
) -> None:
    batch = [Record("events", 0, offset, None, value, None) for offset, value in enumerate(values)]
    out, tally = answerer.answer(batch)
    assert [each.origin for each in out] == batch
    assert tally.answered + sum(tally.dead_letters.values()) == len(batch)
    assert tally.answered == sum(not each.reason for each in out)
