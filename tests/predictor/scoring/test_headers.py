from perennial_contract.messages.record import Record
from perennial_contract.messages.references import Headers
from perennial_contract.settings import PredictorSettings
from perennial_predictor.scoring.headers import AnswerHeaders, Header

Given = list[tuple[str, bytes | None]]
CLOUD_EVENT: Given = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"1234"),
    ("ce_source", b"/shop"),
    ("ce_type", b"com.example.order"),
    ("ce_time", b"2026-01-01T00:00:00Z"),
    ("ce_subject", b"order 7"),
    ("ce_dataschema", b"https://example.com/order"),
    ("content-type", b"application/json; charset=utf-8"),
]
TRACED: Given = [("ce_traceparent", b"00-1"), ("trace", b"1"), ("trace", None)]


def headers_of(settings: PredictorSettings, headers: Headers) -> list[Header]:
    return AnswerHeaders(settings).of(Record("events", 1, 7, b"key", b"{}", headers))


def test_the_answer_to_a_cloud_event_is_one_of_its_own_about_the_events_id(
    settings: PredictorSettings,
) -> None:
    assert headers_of(settings, [*CLOUD_EVENT, *TRACED]) == [
        *TRACED,
        ("ce_specversion", "1.0"),
        ("ce_id", "events/1/7"),
        ("ce_source", "/perennial/ns/income"),
        ("ce_type", "dev.perennial.prediction"),
        ("ce_subject", b"1234"),
        ("content-type", "application/json"),
    ]


def test_a_cloud_event_as_a_whole_in_the_value_is_answered_by_plain_json(
    settings: PredictorSettings,
) -> None:
    structured: Headers = [("content-type", b"application/cloudevents+json")]
    assert headers_of(settings, structured) == [("content-type", "application/json")]


def test_without_an_id_there_is_no_subject(settings: PredictorSettings) -> None:
    assert headers_of(settings, [("ce_type", b"order"), ("ce_id", None)]) == [
        ("ce_specversion", "1.0"),
        ("ce_id", "events/1/7"),
        ("ce_source", "/perennial/ns/income"),
        ("ce_type", "dev.perennial.prediction"),
    ]


def test_other_headers_pass_on_as_they_are(settings: PredictorSettings) -> None:
    assert headers_of(settings, TRACED) == TRACED
    assert headers_of(settings, None) == []


def test_what_another_pipeline_said_of_its_answer_is_not_said_of_ours(
    settings: PredictorSettings,
) -> None:
    chained: Given = [("perennial-model", b"v1-0"), ("perennial-pipeline", b"ns.other")]
    assert headers_of(settings, [*chained, *TRACED]) == TRACED


def test_the_answer_to_a_dead_letter_that_was_sent_again_gives_no_reason(
    settings: PredictorSettings,
) -> None:
    again: Given = [("perennial-reason", b"NoId"), ("perennial-detail", b"there is no id")]
    assert headers_of(settings, [*again, *TRACED]) == TRACED
