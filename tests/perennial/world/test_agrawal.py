import random
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.world.agrawal import (
    ATTRIBUTES,
    FUNCTIONS,
    Application,
    application,
    applications,
    label,
)

PLAIN: Application = {
    "salary": 60_000,
    "commission": 20_000,
    "age": 30,
    "elevel": 2,
    "car": 5,
    "zipcode": 3,
    "hvalue": 300_000,
    "hyears": 10,
    "loan": 100_000,
}


@given(st.integers())
def test_every_attribute_lies_in_the_range_of_the_paper(seed: int) -> None:
    made = application(random.Random(seed))

    assert tuple(made) == ATTRIBUTES
    assert 20_000 <= made["salary"] <= 150_000
    assert 20 <= made["age"] <= 80
    assert 0 <= made["elevel"] <= 4
    assert 1 <= made["car"] <= 20
    assert 1 <= made["zipcode"] <= 9
    assert 0.5 <= made["hvalue"] / made["zipcode"] / 100_000 <= 1.5
    assert 1 <= made["hyears"] <= 30
    assert 0 <= made["loan"] <= 500_000
    if made["salary"] >= 75_000:
        assert made["commission"] == 0
    else:
        assert 10_000 <= made["commission"] <= 75_000


@pytest.mark.parametrize(
    ("function", "changed", "group"),
    [
        (1, {"age": 39}, "A"),
        (1, {"age": 40}, "B"),
        (1, {"age": 60}, "A"),
        (2, {"salary": 49_999}, "B"),
        (2, {"salary": 50_000}, "A"),
        (2, {"age": 40, "salary": 75_000}, "A"),
        (2, {"age": 60, "salary": 75_001}, "B"),
        (3, {"elevel": 1}, "A"),
        (3, {"elevel": 2}, "B"),
        (3, {"age": 40, "elevel": 3}, "A"),
        (3, {"age": 60, "elevel": 1}, "B"),
        (4, {"elevel": 1, "salary": 25_000}, "A"),
        (4, {"elevel": 2, "salary": 25_000}, "B"),
        (4, {"elevel": 2, "salary": 100_000}, "A"),
        (4, {"age": 40, "elevel": 4, "salary": 125_000}, "A"),
        (4, {"age": 60, "elevel": 2, "salary": 49_999}, "B"),
        (5, {"loan": 300_000}, "A"),
        (5, {"loan": 300_001}, "B"),
        (5, {"salary": 49_999, "loan": 400_000}, "A"),
        (5, {"age": 40, "salary": 75_000, "loan": 199_999}, "B"),
        (5, {"age": 60, "salary": 75_000, "loan": 500_000}, "A"),
        (6, {"commission": 40_000}, "A"),
        (6, {"commission": 40_001}, "B"),
        (7, {"salary": 50_000, "commission": 0, "loan": 67_495}, "A"),
        (7, {"salary": 50_000, "commission": 0, "loan": 67_505}, "B"),
        (8, {"salary": 20_000, "commission": 17_300, "elevel": 1}, "B"),
        (8, {"salary": 20_000, "commission": 17_400, "elevel": 1}, "A"),
        (9, {"salary": 50_000, "commission": 0, "elevel": 1, "loan": 92_495}, "A"),
        (9, {"salary": 50_000, "commission": 0, "elevel": 1, "loan": 92_505}, "B"),
        (10, {"salary": 20_000, "commission": 10_000, "elevel": 4, "hyears": 20}, "B"),
        (10, {"salary": 20_000, "commission": 10_000, "elevel": 4, "hyears": 22}, "A"),
    ],
)
def test_each_function_draws_its_line_where_the_paper_does(
    function: int, changed: Application, group: str
) -> None:
    assert label(function, {**PLAIN, **changed}) == group


def test_a_seed_gives_the_same_applications_whatever_the_function() -> None:
    once, again = list(islice(applications(7, 5), 50)), list(islice(applications(7, 5), 50))
    others = list(islice(applications(4, 5), 50))

    assert once == again
    assert [made for made, _ in once] == [made for made, _ in others]
    assert once != list(islice(applications(7, 6), 50))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_finds_members_of_both_groups(function: int) -> None:
    assert {group for _, group in islice(applications(function, 1), 2_000)} == {"A", "B"}
