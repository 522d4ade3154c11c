import json
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from perennial_contract.resource.training import Algorithm
from perennial_trainer.models.recipe import DEFAULTS, Parameters
from perennial_trainer.search.objective import TrialFailed
from perennial_trainer.search.search import best, search
from perennial_trainer.search.space import SPACE
from perennial_trainer.search.trial import Budget, Trial


def a_budget(evals: int = 12, seed: int = 7, algorithm: Algorithm = Algorithm.TPE) -> Budget:
    return Budget(evals, algorithm, seed, lambda: False)


def bowl(parameters: Parameters) -> tuple[float, int]:
    """Lowest at a learning rate of 0.06."""
    return abs(math.log(parameters["learning_rate"] / 0.06)), 50


def run(budget: Budget, *start: Parameters) -> list[Trial]:
    return search(bowl, start, budget, lambda _: None)


def test_the_start_points_come_first_clipped_into_the_space() -> None:
    champion = {**DEFAULTS, "num_leaves": 4000, "lambda_l2": 0.0}

    trials = run(a_budget(3), DEFAULTS, champion)

    assert trials[0].parameters == DEFAULTS
    assert trials[1].parameters == {**DEFAULTS, "num_leaves": 128, "lambda_l2": 0.001}


def test_a_nan_loss_is_a_failed_trial_and_never_the_best() -> None:
    def half_nan(parameters: Parameters) -> tuple[float, int]:
        loss, trees = bowl(parameters)
        return (math.nan if parameters["learning_rate"] < 0.08 else loss), trees

    trials = search(half_nan, [DEFAULTS], a_budget(20), lambda _: None)

    failed = [t for t in trials if t.loss is None]
    found = best(trials)
    assert failed
    assert {t.problem for t in failed} == {"the loss is nan"}
    assert found is not None
    assert found.parameters["learning_rate"] >= 0.08


def test_an_objective_that_gives_up_fails_its_trial_alone() -> None:
    def sometimes(parameters: Parameters) -> tuple[float, int]:
        if parameters == DEFAULTS:
            raise TrialFailed("LightGBM gave up")
        return bowl(parameters)

    trials = search(sometimes, [DEFAULTS], a_budget(4), lambda _: None)

    assert trials[0].problem == "LightGBM gave up"
    assert [t.loss is None for t in trials] == [True, False, False, False]


def test_when_all_trials_fail_none_is_the_best() -> None:
    trials = search(lambda _: (math.nan, 0), [], a_budget(8), lambda _: None)

    assert len(trials) == 8
    assert best(trials) is None


def test_equal_searches_are_equal_and_other_seeds_are_others() -> None:
    assert run(a_budget()) == run(a_budget())
    assert run(a_budget()) != run(a_budget(seed=8))


def test_after_its_start_tpe_looks_where_it_was_good() -> None:
    trials = run(a_budget(40))
    late = [t.loss for t in trials[20:] if t.loss is not None]
    early = [t.loss for t in trials[:8] if t.loss is not None]

    assert sum(late) / len(late) < sum(early) / len(early)


def test_random_search_asks_hyperopts_random_sampler() -> None:
    trials = run(a_budget(12, algorithm=Algorithm.RANDOM))

    assert len({t.parameters["learning_rate"] for t in trials}) == 12


def test_a_search_ends_when_its_time_is_over_but_not_before_one_trial() -> None:
    seen: list[Trial] = []

    trials = search(bowl, [], Budget(9, Algorithm.TPE, 1, lambda: True), seen.append)

    assert len(trials) == 1
    assert seen == trials


def test_a_trial_is_a_document_that_json_can_hold() -> None:
    trial = run(a_budget(8))[-1]

    assert Trial.model_validate(json.loads(trial.model_dump_json())) == trial
    assert isinstance(trial.parameters["num_leaves"], int)


@settings(max_examples=25)
@given(st.integers(0, 2**31))
def test_every_suggestion_lies_in_the_space(seed: int) -> None:
    for trial in run(a_budget(3, seed=seed)):
        for name, span in SPACE.items():
            assert span.low <= trial.parameters[name] <= span.high
