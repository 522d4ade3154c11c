import json
from email.message import Message
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perennial_contract.messages.answers import DETAIL_HEADER
from perennial_contract.messages.record import Record
from perennial_contract.reasons import DeadLetter
from perennial_contract.resource.streams import Events, Filter, Labels, Reference
from perennial_contract.settings import PredictorSettings
from perennial_predictor.requests.predictions import FILTERED, Predictions, Unanswered
from perennial_predictor.scoring import binary
from perennial_predictor.scoring.answers import Answerer
from tests.fakes.bundle import JOBS, a_bundle
from tests.support.contract.json_values import records, values
from tests.support.predictor.requests import given_headers

BUNDLE, _ = a_bundle()
people = st.fixed_dictionaries(
    {"id": st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.integers()},
    optional={"age": st.integers(0, 99) | values, "job": st.sampled_from(JOBS) | values},
)
ODD = (b"", b'{"id": 1, "age": NaN}', b'{"id": 1, "age": 1e999}', b"\0\0\0\0\1{}")
messages = st.one_of(
    (people | records | values).map(lambda value: json.dumps(value).encode()),
    st.sampled_from(ODD),
    st.binary(max_size=20),
)


def on_the_stream(
    settings: PredictorSettings, message: bytes, key: bytes | None = None, headers: Any = None
) -> bytes | Unanswered:
    answerer = Answerer(settings, binary.load(BUNDLE, settings))
    out, _ = answerer.answer([Record("events", 0, 0, key, message, headers)])
    if not out:
        why = "events.filter leaves this message alone: the stream gives no answer to it"
        return Unanswered(FILTERED, why)
    (sent,) = out
    if sent.reason:
        return Unanswered(sent.reason, str(dict(sent.headers)[DETAIL_HEADER]))
    return sent.value or b""


def predictions(settings: PredictorSettings) -> Predictions:
    return Predictions(settings, binary.load(BUNDLE, settings).beside())


@given(written=st.lists(messages, max_size=4))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_answer_is_the_one_that_the_stream_gives(
    settings: PredictorSettings, written: list[bytes]
) -> None:
    found = predictions(settings).of(written, Message())

    assert found == [on_the_stream(settings, message) for message in written]


@given(message=messages)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_so_it_is_where_a_label_a_record_and_a_filter_lie_inside_the_event(
    settings: PredictorSettings, message: bytes
) -> None:
    nested = settings.model_copy(
        update={
            "events": Events(
                topic="events",
                id=Reference(path="id"),
                record="data",
                filter=Filter(path="job", values=[*JOBS]),
            ),
            "labels": Labels(path="data.label"),
        }
    )

    assert predictions(nested).of([message], Message()) == [on_the_stream(nested, message)]


def test_without_a_declared_id_an_answer_has_none_since_the_event_stands_nowhere(
    settings: PredictorSettings,
) -> None:
    bare = settings.model_copy(update={"events": Events(topic="events")})
    message = b'{"age": 40, "job": "smith"}'

    (found,) = predictions(bare).of([message], Message())

    assert isinstance(found, bytes)
    on_stream = on_the_stream(bare, message)
    assert isinstance(on_stream, bytes)
    assert json.loads(found) == {**json.loads(on_stream), "id": None}


def test_key_and_headers_that_the_pipeline_refers_to_come_as_headers_of_the_request(
    settings: PredictorSettings,
) -> None:
    events = Events(
        topic="events",
        id=Reference(key=True),
        filter=Filter(header="ce_type", values=["order"]),
    )
    keyed = settings.model_copy(update={"events": events})
    message = b'{"age": 40, "job": "smith"}'
    headers = given_headers(perennial_key="k-ü".encode().decode("latin-1"), CE_Type="order")

    found = predictions(keyed).of([message], headers)

    kafka = [("ce_type", b"order")]
    assert found == [on_the_stream(keyed, message, "k-ü".encode(), kafka)]
    (filtered,) = predictions(keyed).of([message], given_headers(perennial_key="k"))
    assert isinstance(filtered, Unanswered)
    assert filtered.reason == FILTERED
    (nameless,) = predictions(keyed).of([message], given_headers(ce_type="order"))
    assert nameless == Unanswered(
        DeadLetter.NO_ID,
        "there is no id, a text or a number, at the message's key: send it as the header"
        " perennial-key",
    )
