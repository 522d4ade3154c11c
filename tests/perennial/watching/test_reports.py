from perennial.page.traffic import Records
from perennial.watching.reports import PODS, Sums
from perennial_contract.status import PredictorReport, RecorderReport, Report


def predictor(pod: str, answered: int, skipped: int = 0, **dead: int) -> Report:
    return PredictorReport(
        uid="uid",
        pod=pod,
        ready=True,
        version="v1",
        answered=answered,
        skipped=skipped,
        dead_letters=dead,
    )


def recorder(**lag: int) -> Report:
    return RecorderReport(uid="uid", pod="recorder-0", ready=True, lag=lag)


def test_nobody_was_asked_is_not_nothing() -> None:
    sums = Sums()
    sums.hear([])

    assert (sums.lag, sums.dead_letters, sums.records) == (None, None, Records())


def test_what_pods_count_is_added_and_outlives_them() -> None:
    sums = Sums()
    sums.hear([predictor("a", 10, NotJson=1), predictor("b", 5, 2), recorder(events=3, labels=0)])
    sums.hear([predictor("a", 12, NotJson=2, NoId=1), predictor("c", 1), recorder(events=0)])

    assert sums.records == Records(answered=18, skipped=2)
    assert sums.dead_letters == {"NotJson": 2, "NoId": 1}
    assert sums.lag == {"events": 0}


def test_a_process_that_was_started_again_takes_nothing_back() -> None:
    sums = Sums()
    sums.hear([predictor("a", 10)])
    sums.hear([predictor("a", 1)])

    assert sums.records == Records(answered=10)


def test_of_a_long_row_of_pods_nothing_is_forgotten_but_their_names() -> None:
    sums = Sums()
    for number in range(3 * PODS):
        sums.hear([predictor(f"pod-{number}", 1, NoId=1)])

    assert sums.records == Records(answered=3 * PODS)
    assert sums.dead_letters == {"NoId": 3 * PODS}


def test_a_recorder_that_falls_silent_has_no_lag_that_is_of_now() -> None:
    sums = Sums()
    sums.hear([recorder(events=0)])
    sums.hear([predictor("a", 10)])

    assert sums.lag is None
