"""Whole attempts on a generated stream, without any server."""

from dataclasses import replace

import numpy as np
import pytest

from perennial_contract.objects.observation import Observation
from perennial_contract.status import Verdict, VerdictOutcome
from perennial_model.tasks.tasks import task_of
from perennial_trainer.contest.contest import Contest
from perennial_trainer.data.dataset import Base
from perennial_trainer.learn import judge_rows, learn
from perennial_trainer.models.published import PublishedModel
from perennial_trainer.search.trial import Trial
from tests.support.trainer.agrawal import LABEL, applications, observations
from tests.support.trainer.builders import QUIET, a_base, a_contest, served


@pytest.fixture(scope="module")
def base() -> Base:
    return a_base(count=4000)


@pytest.fixture(scope="module")
def first(base: Base) -> PublishedModel:
    verdict, built = learn(a_contest(base, []), QUIET)
    assert built is not None
    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.PROMOTED, "FirstModel")
    return served(built, 1, verdict.score or 0, {})


def true_loss(model: PublishedModel, function: int) -> float:
    """On rows that no attempt has."""
    fresh = list(applications(function, 3000, 999))
    labels = np.array([label == "A" for _, label in fresh], dtype=np.float64)
    return float(
        task_of(LABEL).losses(labels, model.model.predictions([r for r, _ in fresh])).mean()
    )


def promoted(contest: Contest) -> tuple[Verdict, PublishedModel]:
    verdict, built = learn(contest, QUIET)
    assert built is not None, verdict
    watermark = contest.settings.watermark
    return verdict, served(built, contest.settings.number, verdict.score or 0, watermark)


def test_the_first_model_is_judged_against_the_base_rate(base: Base) -> None:
    verdict, built = learn(a_contest(base, []), QUIET)

    assert built is not None
    assert (built.candidate, built.rows, built.window) == ("search", 4000, None)
    assert [s.candidate for s in verdict.scores] == ["base-rate", "search"]
    assert verdict.score == verdict.scores[1].loss
    assert (verdict.judged, verdict.trained) == (1000, 3000)


def test_labels_without_signal_give_no_model(base: Base) -> None:
    coins = np.random.default_rng(0).integers(2, size=len(base.labels)).astype(np.float64)

    verdict, built = learn(a_contest(replace(base, labels=coins), []), QUIET)

    assert built is None
    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.REJECTED, "NoSignal")
    assert verdict.score is None


@pytest.mark.parametrize("seed", range(4))
def test_few_rows_with_a_strong_signal_give_a_model(seed: int) -> None:
    """Too few of one class for folds: nothing is searched, and the defaults must not overfit."""
    few = a_base(count=500, seed=seed)
    chance = [
        0.9 if float(r["salary"]) > 110_000 and float(r["age"]) < 50 else 0.05 for r in few.records
    ]
    drawn = np.random.default_rng(seed).random(len(few.labels)) < chance
    known = replace(few, labels=drawn.astype(np.float64))

    verdict, built = learn(a_contest(known, [], promotion={"minJudged": 100}), QUIET)

    assert built is not None, verdict.message


def test_after_an_abrupt_change_the_fit_since_the_rise_wins(
    base: Base, first: PublishedModel
) -> None:
    stream = [*observations(7, 600, 2), *observations(4, 1800, 3, first=600)]

    verdict, second = promoted(a_contest(base, stream, first))

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.PROMOTED, "Better")
    assert second.manifest.candidate == "since-rise"
    assert second.manifest.window == pytest.approx(1800, abs=60)
    assert true_loss(second, 4) < 0.5
    assert true_loss(first, 4) > 1.0
    assert {s.candidate for s in verdict.scores} == {
        "champion",
        "parameters-all",
        "parameters-recent",
        "since-rise",
        "refit",
        "base-rate",
    }


def test_when_the_old_world_returns_the_previous_model_is_a_candidate(
    base: Base, first: PublishedModel
) -> None:
    stream = observations(4, 2000, 3)
    _, second = promoted(a_contest(base, stream, first))

    stream += observations(7, 2000, 4, first=2000)
    verdict, third = promoted(a_contest(base, stream, second, previous=first))

    previous = next(s for s in verdict.scores if s.candidate == "previous")
    assert previous.loss < 0.3
    assert true_loss(third, 7) < 0.3


def test_on_a_stationary_stream_nothing_gets_worse(base: Base, first: PublishedModel) -> None:
    stream: list[Observation] = []
    champion = first
    for seed in range(10, 14):
        stream += observations(7, 2000, seed, first=len(stream))
        contest = a_contest(base, stream, champion)
        verdict, built = learn(contest, QUIET)
        if built:
            before = champion
            watermark = contest.settings.watermark
            champion = served(built, contest.settings.number, verdict.score or 0, watermark)
            assert true_loss(champion, 7) < true_loss(before, 7) + 0.005
        else:
            assert verdict.outcome is VerdictOutcome.REJECTED
            assert verdict.score == verdict.scores[0].loss


def test_labels_flipped_in_training_rows_are_never_promoted(
    base: Base, first: PublishedModel
) -> None:
    clean = a_contest(base, observations(7, 2000, 5), first)
    parts = judge_rows(clean)
    assert parts is not None
    labels = clean.rows.labels.copy()
    labels[parts.train] = 1 - labels[parts.train]
    rows = replace(clean.rows, labels=labels)
    poisoned = replace(clean, material=replace(clean.material, rows=rows))

    verdict, built = learn(poisoned, QUIET)

    assert built is None
    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.REJECTED, "NoGain")
    assert verdict.message.startswith("no gain: kept v1-00000000; the best challenger")


def test_too_few_new_rows_decide_nothing(base: Base, first: PublishedModel) -> None:
    verdict, built = learn(a_contest(base, observations(7, 500, 2), first), QUIET)

    assert built is None
    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.INCONCLUSIVE, "TooFewRows")
    assert verdict.message.startswith(
        "500 new rows are too few: at most half of them can judge, and at least 300 must"
    )


def test_a_class_that_no_new_row_has_is_named(base: Base, first: PublishedModel) -> None:
    contest = a_contest(base, observations(7, 1000, 2), first)
    labels = contest.rows.labels.copy()
    labels[contest.rows.new] = 1.0
    rows = replace(contest.rows, labels=labels)

    verdict, built = learn(replace(contest, material=replace(contest.material, rows=rows)), QUIET)

    assert built is None
    assert verdict.message == "none of the 1000 new rows has the label 'B'"


def test_labels_that_come_late_do_not_train(base: Base, first: PublishedModel) -> None:
    late = observations(7, 2000, 2, delay=12_000)  # a thousand events

    verdict, _ = learn(a_contest(base, late, first), QUIET)

    assert (verdict.judged, verdict.trained) == (500, 500)


def test_a_model_that_is_better_and_still_poor_says_so(base: Base, first: PublishedModel) -> None:
    stream = observations(4, 2000, 3)
    random = np.random.default_rng(5)
    torn = [
        replace(o, label="AB"[random.integers(2)]) if i > 1300 else o for i, o in enumerate(stream)
    ]

    verdict, built = learn(a_contest(base, torn, first), QUIET)

    assert built is not None
    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.PROMOTED, "StillPoor")
    assert "better, still poor" in verdict.message


@pytest.mark.parametrize(("number", "searches"), [(1, True), (2, False), (5, False), (6, True)])
def test_only_every_fifth_attempt_searches(
    base: Base, first: PublishedModel, number: int, *, searches: bool
) -> None:
    trials: list[Trial] = []
    manifest = first.manifest.model_copy(update={"number": number - 1})
    contest = a_contest(base, observations(7, 2000, 2), replace(first, manifest=manifest))

    verdict, _ = learn(contest, replace(QUIET, trial=trials.append))

    assert contest.settings.number == number
    assert bool(trials) is searches
    assert ("search" in {s.candidate for s in verdict.scores}) is searches


def test_of_another_schemas_champion_only_full_fits_are_candidates(
    base: Base, first: PublishedModel
) -> None:
    contest = a_contest(base, observations(7, 2000, 2), first, previous=first)

    verdict, _ = learn(replace(contest, same_schema=False), QUIET)

    assert [s.candidate for s in verdict.scores] == [
        "champion",
        "parameters-all",
        "parameters-recent",
        "base-rate",
    ]


def test_another_schemas_previous_model_is_no_candidate(base: Base, first: PublishedModel) -> None:
    manifest = first.manifest.model_copy(update={"schema_digest": "another"})
    contest = a_contest(base, observations(7, 2000, 2), first, replace(first, manifest=manifest))

    verdict, _ = learn(contest, QUIET)

    names = {score.candidate for score in verdict.scores}
    assert "refit" in names
    assert "previous" not in names


def test_a_champion_that_cannot_be_read_is_replaced_by_what_beats_the_base_rate(
    base: Base,
) -> None:
    contest = a_contest(base, observations(7, 2000, 2))
    lost = replace(
        contest, settings=contest.settings.model_copy(update={"champion": "v9-12345678"})
    )

    verdict, built = learn(lost, QUIET)

    assert built is not None
    assert (verdict.reason, verdict.champion) == ("ChampionUnreadable", "v9-12345678")


def test_equal_cases_build_equal_models(base: Base) -> None:
    texts = [learn(a_contest(base, observations(7, 600, 2)), QUIET)[1] for _ in range(2)]

    assert len({built.model.text for built in texts if built}) == 1


def test_a_champion_that_cannot_be_read_is_kept_when_nothing_beats_the_base_rate(
    base: Base,
) -> None:
    rows = [replace(o, label="AB"[o.sequence % 2]) for o in observations(7, 2000, 2)]
    contest = a_contest(base, rows)
    lost = replace(
        contest, settings=contest.settings.model_copy(update={"champion": "v9-12345678"})
    )

    verdict, built = learn(lost, QUIET)

    assert built is None
    assert verdict.reason == "NoSignal"
    assert "kept v9-12345678, which cannot be judged" in verdict.message
