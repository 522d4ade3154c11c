import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import perennial_operator
from perennial_operator.api.attempts import AttemptOutcome
from perennial_operator.api.reasons import Reason

SOURCES = sorted(Path(perennial_operator.__path__[0]).rglob("*.py"))
CAMEL_CASE = re.compile(r"([A-Z][a-z0-9]+)+")
PLACES = {"UndatedCondition": 2, "Event": 0, "Problem": None, "HistoryEntry": None}  # of the reason


def reasons(tree: ast.AST) -> Iterator[ast.expr]:
    """What is given as a reason where a condition, an Event, a problem or an end is made."""
    for call in ast.walk(tree):
        name = call.func if isinstance(call, ast.Call) else None
        if not isinstance(call, ast.Call) or not isinstance(name, ast.Name):
            continue
        if name.id not in PLACES:
            continue
        yield from (word.value for word in call.keywords if word.arg == "reason")
        place = PLACES[name.id]
        if place is not None and len(call.args) > place:
            yield call.args[place]


def chosen(given: ast.expr) -> Iterator[ast.expr]:
    """What it may come to: either side of an `if`, `and`, `or`."""
    match given:
        case ast.IfExp():
            yield from (each for side in (given.body, given.orelse) for each in chosen(side))
        case ast.BoolOp():
            yield from (each for side in given.values for each in chosen(side))
        case _:
            yield given


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_reason_is_written_as_a_text(path: Path) -> None:
    found = [each for given in reasons(ast.parse(path.read_text())) for each in chosen(given)]

    assert [each.value for each in found if isinstance(each, ast.Constant)] == []


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_one_word_and_says_what_to_do(reason: Reason) -> None:
    assert CAMEL_CASE.fullmatch(reason.value)
    assert reason.remedy.endswith((".", "?"))
    assert reason.remedy[0].isupper()


def test_every_end_of_an_attempt_is_a_reason_of_its_own() -> None:
    assert {Reason[outcome.name].value for outcome in AttemptOutcome} == {
        o.value for o in AttemptOutcome
    }
