"""Pipelines as a demo leaves them, in every state that the page must show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from perennial.page.curve import Curve, log_loss
from perennial.page.data import Page
from perennial.page.marks import Marks
from perennial.page.pipeline import Measured, page
from perennial.page.traffic import Answer, Mark, MarkKind, Records
from perennial_contract.reasons import ProgramReason
from perennial_contract.status import Score, Verdict, VerdictOutcome
from perennial_operator.api.attempts import Attempt, AttemptOutcome, HistoryEntry, Trigger
from perennial_operator.api.reasons import Reason
from perennial_operator.api.status import Condition, HandledTriggers, Model, Progress, Status

START: Final = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
TOPIC: Final = "Zk3c1vGfT0KpX"
V1, V4, V6 = "v1-c9d3d305", "v4-8cce3fae", "v6-0b7e41aa"
SPEC: Final[dict[str, Any]] = {
    "kafka": {"bootstrapServers": "kafka:9092"},
    "events": {"topic": "loans-events", "id": {"path": "request_id"}, "record": "data"},
    "labels": {"topic": "loans-labels", "id": {"path": "request_id"}, "value": "group"},
    "predictions": {"topic": "loans-predictions"},
    "deadLetters": {"topic": "loans-dead-letters"},
    "schema": {"label": {"positive": "A", "negative": "B"}},
    "dataset": {"uri": "s3://datasets/loans/train.csv", "label": "group"},
    "storage": {"endpoint": "http://minio:9000", "bucket": "perennial"},
    "retrain": {"threshold": 2000},
}
WELL: Final = {
    "Ready": ("True", Reason.READY, f"{V4} serves"),
    "Accepted": ("True", Reason.ACCEPTED, "the spec is valid"),
    "ModelAvailable": ("True", Reason.SERVING, f"{V4} serves"),
    "PredictorAvailable": ("True", Reason.AVAILABLE, "2 of 2 pods answer"),
    "RecorderAvailable": ("True", Reason.AVAILABLE, "the recorder joins events and labels"),
    "LabelsComplete": ("True", Reason.COMPLETE, "no label was lost"),
    "Training": ("False", AttemptOutcome.PROMOTED, "attempt 4: since-rise (Better)"),
}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def conditions(**changed: tuple[str, str, str]) -> list[Condition]:
    return [
        Condition(
            type=kind,
            status=status,
            reason=str(reason),
            message=message,
            observed_generation=1,
            last_transition_time=at(30),
        )
        for kind, (status, reason, message) in (WELL | changed).items()
    ]


def entry(number: int, outcome: AttemptOutcome, ended: float, **more: Any) -> HistoryEntry:
    told = {
        "trigger": Trigger.THRESHOLD if number > 1 else Trigger.FIRST_MODEL,
        "reason": ProgramReason.NO_GAIN.value,
        "message": f"no gain: kept {V1}; the best challenger, parameters-all, has log loss 0.2285"
        f" against 0.2357 of {V1}",
        "champion": V1,
        "judged": 500,
        "trained": 1500,
        "score": 0.2357,
    }
    times = {"started_at": at(ended - 9), "ended_at": at(ended)}
    return HistoryEntry(number=number, outcome=outcome, **(told | more | times))


FIRST: Final = entry(
    1,
    AttemptOutcome.PROMOTED,
    28,
    reason="FirstModel",
    message="search: log loss 0.2354 instead of 0.6938 of the base rate on the 1250 newest rows",
    champion="",
    version=V1,
    score=0.2354,
    judged=1250,
    trained=3750,
)
KEPT: Final = [entry(n, AttemptOutcome.REJECTED, 28 + 25 * (n - 1)) for n in (2, 3)]
FOURTH: Final = entry(
    4,
    AttemptOutcome.PROMOTED,
    112,
    reason="Better",
    message=f"since-rise: log loss 0.3180 instead of 1.5247 of {V1} on the 500 newest rows",
    version=V4,
    score=0.3180,
)


def scored(candidate: str, loss: float, held: float, confidence: float) -> Score:
    gain = round(held - loss, 4)
    return Score(candidate=candidate, loss=loss, gain=gain, confidence=confidence)


def verdict(number: int, outcome: VerdictOutcome, scores: list[Score]) -> Verdict:
    return Verdict(
        uid="uid", number=number, outcome=outcome, reason="Better", message="", scores=scores
    )


VERDICTS: Final = {
    1: verdict(
        1,
        VerdictOutcome.PROMOTED,
        [Score(candidate="base-rate", loss=0.6938), scored("search", 0.2354, 0.6938, 1.0)],
    ),
    **{
        number: verdict(
            number,
            VerdictOutcome.REJECTED,
            [
                Score(candidate="champion", loss=0.2357),
                scored("parameters-recent", 0.2412, 0.2357, 0.09),
                scored("parameters-all", 0.2285, 0.2357, 0.38),
                scored("base-rate", 0.6921, 0.2357, 0.0),
            ],
        )
        for number in (2, 3)
    },
    4: verdict(
        4,
        VerdictOutcome.PROMOTED,
        [
            Score(candidate="champion", loss=1.5247),
            scored("since-rise", 0.318, 1.5247, 1.0),
            scored("parameters-recent", 0.4402, 1.5247, 1.0),
            scored("parameters-all", 0.5771, 1.5247, 1.0),
            scored("base-rate", 0.6933, 1.5247, 1.0),
        ],
    ),
}
WORLD: Final = Mark(
    at=at(80).timestamp(),
    kind=MarkKind.CHANGE,
    label="world changes",
    text="The rule behind the labels changes",
)


def graded(seconds: float, chances: Sequence[tuple[float, float]], rate: int = 80) -> Curve:
    """`chances`: from when on, and how often, an answer is right; the same at each call."""
    curve, random = Curve(), Random(7)
    for tick in range(int(seconds * rate)):
        time = tick / rate
        chance = next(share for since, share in reversed(chances) if time >= since)
        right = random.random() < chance
        sure = min(max(random.gauss(0.9, 0.08), 0.5), 0.995)
        curve.add(
            at(40 + time).timestamp(), right=right, loss=log_loss(sure if right else 1 - sure)
        )
    return curve


def recent(model: str, seconds: float, count: int = 12) -> list[Answer]:
    random = Random(11)
    return [
        Answer(
            at=at(seconds - (count - n) / 80),
            id=f"9cebe1-{16_000 + n:06}",
            label="A" if (p := random.random()) >= 0.5 else "B",
            probability=p,
            model=model,
            right=None if n > count - 4 else random.random() < 0.93,
        )
        for n in range(count)
    ]


def resource(status: Status, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "loans", "namespace": "default"}
    return {"metadata": metadata, "spec": SPEC | spec, "status": status.to_json()}


def a_status(model: str, since: float, history: Sequence[HistoryEntry], **more: Any) -> Status:
    last = history[-1].number
    told = {
        "conditions": conditions(),
        "model": Model(version=model, digest="d", score=0.318, since=at(since)),
        "head": model,
        "history": list(history),
        "attempt": Attempt(number=last, trigger=Trigger.THRESHOLD, started_at=at(since - 12)),
        "written": {TOPIC: {"0": 2600, "1": 2504}},
        "handled": HandledTriggers(watermark={TOPIC: {"0": 2000, "1": 2000}}),
        "progress": Progress(labels="1104/2000", attempt=f"#{last} promoted", at=at(since)),
    }
    return Status(**(told | more))


def empty() -> Page:
    """Applied a moment ago; nobody has looked."""
    return page(resource(Status()), Measured())


def first_training() -> Page:
    status = Status(
        conditions=conditions(
            Ready=("False", Reason.ATTEMPT_RUNNING, "attempt 1 trains the first model"),
            ModelAvailable=("False", Reason.ATTEMPT_RUNNING, "attempt 1 trains the first model"),
            PredictorAvailable=("False", Reason.NO_MODEL, "there is no model to answer with"),
            Training=("True", Reason.ATTEMPT_RUNNING, "attempt 1: FirstModel"),
        ),
        attempt=Attempt(number=1, trigger=Trigger.FIRST_MODEL, started_at=at(4)),
        progress=Progress(labels="0/2000", attempt="#1 search 7/10", at=at(10)),
    )
    return page(resource(status), Measured(lag={"loans-events": 0, "loans-labels": 0}))


def steady(written: datetime | None = None) -> Page:
    """The world has changed once, and the accuracy has come back."""
    marks = Marks()
    marks.look(a_status(V1, 34, [FIRST]), 34)
    marks.add(WORLD)
    status = a_status(V4, 118, [FIRST, *KEPT, FOURTH])
    marks.look(status, 118)
    measured = Measured(
        curve=graded(150, [(0, 0.935), (40, 0.53), (77, 0.92)]),
        marks=marks,
        verdicts=VERDICTS,
        answers=recent(V4, 190),
        records=Records(sent=12_000, answered=12_000, lost=0, doubled=0)
        if written
        else Records(answered=12_000),
        lag={"loans-events": 3, "loans-labels": 0},
        dead_letters={},
    )
    return page(resource(status), measured, written)


def stale() -> Page:
    """The accuracy falls, and an attempt is at work."""
    marks = Marks()
    marks.look(a_status(V1, 34, [FIRST]), 34)
    marks.add(WORLD)
    status = a_status(
        V1,
        34,
        [FIRST, *KEPT],
        attempt=Attempt(
            number=4,
            trigger=Trigger.THRESHOLD,
            started_at=at(103),
            watermark={TOPIC: {"0": 2480, "1": 2384}},
        ),
        conditions=conditions(
            Ready=("True", Reason.READY, f"{V1} serves"),
            ModelAvailable=("True", Reason.SERVING, f"{V1} serves"),
            Training=("True", Reason.ATTEMPT_RUNNING, "attempt 4: Threshold"),
        ),
        progress=Progress(labels="240/2000", attempt="#4 judge", at=at(110)),
    )
    measured = Measured(
        curve=graded(68, [(0, 0.935), (40, 0.53)]),
        marks=marks,
        verdicts=VERDICTS,
        answers=recent(V1, 108),
        records=Records(answered=5_440),
        lag={"loans-events": 12, "loans-labels": 80},
        dead_letters={"NotJson": 3, "NoId": 1},
    )
    return page(resource(status), measured)


def taken_back() -> Page:
    """A version was promoted, could not be loaded, and the one before serves."""
    marks = Marks()
    marks.look(a_status(V1, 34, [FIRST]), 34)
    marks.look(a_status(V4, 118, [FIRST, *KEPT, FOURTH]), 118)
    won = f"search: log loss 0.2811 instead of 0.3190 of {V4} on the 500 newest rows"
    why = {"reason": "Better", "message": won, "score": 0.2811}
    sixth = entry(6, AttemptOutcome.PROMOTED, 150, version=V6, champion=V4, **why)
    status = a_status(
        V4,
        118,
        [FIRST, *KEPT, FOURTH, entry(5, AttemptOutcome.REJECTED, 140), sixth],
        bad_versions=[V6],
        head=V6,
    )
    marks.look(status, at(158).timestamp())
    curve = graded(150, [(0, 0.935), (40, 0.53), (77, 0.92)])
    return page(resource(status), Measured(curve=curve, marks=marks, verdicts=VERDICTS))


def broken() -> Page:
    """The topic of the labels is missing, and the API server is away."""
    missing = "there is no topic loans-labels"
    status = a_status(
        V1,
        34,
        [FIRST],
        conditions=conditions(
            Ready=("False", ProgramReason.TOPIC_MISSING, missing),
            RecorderAvailable=("False", ProgramReason.TOPIC_MISSING, missing),
            LabelsComplete=("Unknown", Reason.NO_ANSWER, "the recorder has not reported yet"),
            Training=("False", AttemptOutcome.PROMOTED, "attempt 1: search (FirstModel)"),
        ),
    )
    away = "The API server does not answer since 20:04:10; what you see is from then."
    return page(resource(status), Measured(curve=graded(40, [(0, 0.93)])), problem=away)


def many() -> Page:
    """A week, two hundred attempts and a hundred promotions."""
    ended = list(_many(200))
    marks = Marks()
    for each in ended:
        if each.version:
            marks.look(a_status(each.version, each.number * 3000, [each]), 0)
    curve, random = Curve(), Random(3)
    for minute in range(7 * 24 * 60):
        for _ in range(3):
            right = random.random() < 0.92 - 0.0001 * (minute % 1500)
            curve.add(at(60 * minute).timestamp(), right=right, loss=0.2 + (not right) * 0.9)
    status = a_status(ended[-1].version, 600_000, ended[-10:])
    scores = VERDICTS[4].scores * 2
    measured = Measured(
        curve=curve,
        marks=marks,
        ended=ended,
        verdicts={n: verdict(n, VerdictOutcome.PROMOTED, scores) for n in range(1, 201)},
        answers=recent(V4, 600_000),
        records=Records(answered=48_384_000),
        lag={"a-topic-with-quite-a-long-name.of-loan-applications.v2": 1_204_881},
        dead_letters={"NotJson": 90_412, "NoId": 12, "AnswerRefused": 4},
    )
    return page(resource(status), measured)


def _many(count: int) -> Iterator[HistoryEntry]:
    for number in range(1, count + 1):
        better = number % 2 == 0
        outcome = AttemptOutcome.PROMOTED if better else AttemptOutcome.REJECTED
        version = f"v{number}-8cce3fae" if better else ""
        yield entry(number, outcome, 3000 * number, version=version, message="search: " + "x " * 90)


ALL: Final = {
    "empty": empty,
    "first": first_training,
    "steady": steady,
    "stale": stale,
    "rollback": taken_back,
    "broken": broken,
    "many": many,
}
