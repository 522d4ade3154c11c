import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.generate import HERE, PAGES
from perennial_contract.reasons import DeadLetter, ProgramReason
from perennial_operator.api.reasons import Reason

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("operator/src/**/*.py"), *ROOT.glob("images/*/src/**/*.py")])
# Where a reason is given: by keyword, or as the first argument.
GIVEN_FIRST = {"Event", "Rejection", "Trouble"}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_what_the_code_says(name: str) -> None:
    assert (HERE / name).read_text() == PAGES[name](), "run `make docs`"


def test_every_reason_stands_on_its_page_with_what_to_do_about_it() -> None:
    page = (HERE / "reasons.md").read_text()
    told = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE))

    assert set(told) == {m.value for e in (Reason, ProgramReason, DeadLetter) for m in e}
    assert [remedy for remedy in told.values() if not re.search(r"[.?]$", remedy)] == []


def test_no_reason_is_given_but_those_that_the_page_lists() -> None:
    """A text in place of a member would be a reason that nobody finds."""
    found = [
        f"{path.relative_to(ROOT)}:{line} {text}"
        for path in SOURCES
        for line, text in literals(path)
    ]

    assert found == []


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Texts that are given as a reason."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in GIVEN_FIRST:
                given: list[ast.expr] = [first]
            case ast.Call(keywords=keywords):
                given = [k.value for k in keywords if k.arg == "reason"]
            case ast.ClassDef(body=body):
                given = [s.value for s in body if isinstance(s, ast.Assign) and named_reason(s)]
            case _:
                given = []
        for each in given:
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value:
                yield each.lineno, each.value


def named_reason(statement: ast.Assign) -> bool:
    return any(isinstance(t, ast.Name) and t.id == "reason" for t in statement.targets)
