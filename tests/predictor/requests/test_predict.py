import json
from http import HTTPStatus

import pytest

from perennial_contract.reasons import ProgramReason
from perennial_contract.runtime.http.messages import Answer
from perennial_contract.settings import PredictorSettings
from perennial_contract.status import Problem
from perennial_predictor.metrics import Metrics
from perennial_predictor.requests.predict import Predict
from perennial_predictor.scoring import binary
from tests.fakes.bundle import a_bundle, probabilities
from tests.support.predictor.requests import given_headers
from tests.support.predictor.samples import counted

BUNDLE, _ = a_bundle()
PERSON = {"age": 40, "job": "smith"}
ANSWER = {
    "id": "a",
    "prediction": 1.0,
    "label": ">50K",
    "probability": probabilities([PERSON])[0],
    "model": BUNDLE.version,
}
MODEL = (("perennial-model", BUNDLE.version),)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def predict(settings: PredictorSettings, metrics: Metrics) -> Predict:
    predict = Predict(settings, lambda: None, metrics.requests)
    predict.open(binary.load(BUNDLE, settings))
    return predict


def sent(predict: Predict, body: bytes, **headers: str) -> tuple[int, object]:
    given = given_headers(**{"content_type": "application/json"} | headers)
    answer = predict.admit(given) or predict.answer(given, body)
    return answer.code.value, json.loads(answer.body)


def refusal(reason: str, message: str) -> object:
    return {"error": {"reason": reason, "message": message}}


def test_an_event_gets_its_answer_and_the_model_in_a_header(predict: Predict) -> None:
    body = json.dumps({"id": "a", **PERSON}).encode()

    answer = predict.answer(given_headers(), body)

    assert answer._replace(body=b"") == Answer(HTTPStatus.OK, b"", headers=MODEL)
    assert json.loads(answer.body) == ANSWER


def test_an_array_gets_an_answer_for_each_event_or_why_it_has_none(
    predict: Predict, metrics: Metrics
) -> None:
    body = json.dumps([{"id": "a", **PERSON}, PERSON, 7, {"id": "b", **PERSON}]).encode()

    assert sent(predict, body) == (
        200,
        [
            ANSWER,
            refusal("NoId", "there is no id, a text or a number, at id"),
            refusal("NotAnObject", "the message is JSON, but no object: int"),
            {**ANSWER, "id": "b"},
        ],
    )
    assert sent(predict, b" [ ]") == (200, [])
    assert counted(metrics) == {
        'perennial_predictor_requested_events_total{outcome="answered"}': 2.0,
        'perennial_predictor_requested_events_total{outcome="NoId"}': 1.0,
        'perennial_predictor_requested_events_total{outcome="NotAnObject"}': 1.0,
    }


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        (b"", 400, "Empty"),
        (b"age=40", 400, "NotJson"),
        (b"\x00{}", 400, "NotJson"),
        (b'"text"', 400, "NotAnObject"),
        (b"{}", 400, "NoId"),
        (b'{"a":' * 5000, 400, "NotJson"),
        (b'{"id": 1, "a": ' + b"[" * 200 + b"]" * 200 + b"}", 400, "NotJson"),
        (b"[1", 400, "NotJson"),
        (b"[" * 100_000, 400, "NotJson"),
        (b"[" + b"1," * 1000 + b"1]", 413, "TooMany"),
    ],
)
def test_what_is_no_event_is_refused_by_the_reason_of_its_dead_letter(
    predict: Predict, body: bytes, code: int, reason: str
) -> None:
    got, said = sent(predict, body)

    assert isinstance(said, dict)
    assert (got, said["error"]["reason"]) == (code, reason)
    assert said["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/cloudevents+json", True),
        ("application/x-www-form-urlencoded", False),
        ("text/plain", False),
        ("text/json+json", False),
        ("", False),
    ],
)
def test_only_json_is_taken(predict: Predict, kind: str, taken: bool) -> None:  # noqa: FBT001
    code, said = sent(predict, b'{"id": 1}', content_type=kind)

    assert code == (200 if taken else 415)
    expected = refusal(
        "NotSupported",
        f"{kind or 'what has no Content-Type'} is not JSON: send Content-Type: application/json",
    )
    assert taken or said == expected


def test_a_body_of_no_type_at_all_is_not_taken_as_any_page_of_a_browser_could_send_it(
    predict: Predict,
) -> None:
    refused = predict.admit(given_headers())

    assert refused is not None
    assert refused.code is HTTPStatus.UNSUPPORTED_MEDIA_TYPE


def test_a_body_that_is_packed_is_not_taken(predict: Predict) -> None:
    assert sent(predict, b"", content_encoding="gzip") == (
        415,
        refusal("NotSupported", "Content-Encoding gzip is not known: send the JSON as it is"),
    )


def test_until_there_is_a_model_it_says_what_keeps_it_away(
    settings: PredictorSettings, metrics: Metrics
) -> None:
    problem = Problem(reason=ProgramReason.MODEL_LOADING, message="v1 is being loaded")
    predict = Predict(settings, lambda: problem, metrics.requests)
    refused = Answer(
        HTTPStatus.SERVICE_UNAVAILABLE,
        json.dumps(refusal("ModelLoading", "no model answers yet: v1 is being loaded")).encode(),
        headers=(("Retry-After", "5"),),
    )

    json_ = given_headers(content_type="application/json")

    assert predict.admit(json_) == refused
    predict.open(binary.load(BUNDLE, settings))
    assert predict.admit(json_) is None


def test_requests_are_counted_by_the_code_of_their_answer(
    predict: Predict, metrics: Metrics
) -> None:
    predict.count(HTTPStatus.OK, 0.002)
    predict.count(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 0.0)

    found = counted(metrics)
    assert found['perennial_predictor_requests_total{code="200"}'] == 1
    assert found['perennial_predictor_requests_total{code="413"}'] == 1
    assert found["perennial_predictor_request_seconds_count"] == 2
