from perennial_contract.status import TrainerReport
from perennial_trainer.progress import Progress
from perennial_trainer.search.trial import Trial
from tests.support.trainer.builders import a_settings


def test_the_report_says_stage_trials_and_the_best_loss_so_far() -> None:
    progress = Progress(a_settings(3, optimizer={"maxEvals": 9}), "pod-1", lambda: 0.0)

    progress.stage("search")
    for number, loss in enumerate([0.5, 0.3, None, 0.4]):
        progress.trial(Trial(number=number, parameters={}, loss=loss))

    assert progress.report == TrainerReport(
        uid="u-1", pod="pod-1", ready=True, number=3, stage="search", done=4, total=9, best=0.3
    )


def test_seconds_are_counted_by_stage() -> None:
    clock = iter([0.0, 2.0, 2.0, 7.0, 7.0, 7.5])
    progress = Progress(a_settings(), "pod-1", lambda: next(clock))

    progress.stage("search")
    progress.stage("judge")

    assert progress.seconds() == {"data": 2.0, "search": 5.0, "judge": 0.5}
