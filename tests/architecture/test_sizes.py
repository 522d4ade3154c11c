import ast
import re
from collections import Counter

import pytest

from tests.support.tree import PACKAGES, Module, modules

MODULES = 16  # in a folder
FOLDERS = 2  # below a package
LINES = 250  # of a module
FUNCTION = 45  # lines of a function
TELLS_NOTHING = {
    *("utils", "helper", "helpers", "common", "manager"),
    *("after", "begin", "case", "course", "finding", "happening", "harmless", "life", "own"),
    *("prove", "timetable", "told"),
}
EVERY = [module for package in PACKAGES for module in modules(package).values()]


def named(module: Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for node in ast.walk(module.tree) if isinstance(node, kinds)]


def words(name: str) -> str:
    """`OneName` as `one_name`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def test_a_folder_holds_few_modules() -> None:
    folders = Counter(module.path.parent for module in EVERY if module.path.stem != "__init__")
    assert {str(folder): n for folder, n in folders.items() if n > MODULES} == {}


def test_folders_are_few_levels_deep() -> None:
    assert [m.name for m in EVERY if len(m.parts) > FOLDERS + 1] == []


def test_a_module_is_short() -> None:
    assert {m.name: m.lines for m in EVERY if m.lines > LINES} == {}


def test_a_function_is_short() -> None:
    long = {
        f"{module.name}.{node.name}": node.end_lineno - node.lineno + 1
        for module in EVERY
        for node in named(module)
        if not isinstance(node, ast.ClassDef) and node.end_lineno
        if node.end_lineno - node.lineno >= FUNCTION
    }
    assert long == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_called_by_a_word_that_tells_nothing(package: str) -> None:
    names = [
        name
        for module in modules(package).values()
        for name in (module.name, *(f"{module.name}.{node.name}" for node in named(module)))
    ]
    assert [name for name in names if words(name.split(".")[-1]).strip("_") in TELLS_NOTHING] == []


def test_every_module_says_what_it_holds() -> None:
    clause = re.compile(r"(What|How|Who|Whose|Where|Which|Whether|When|That|Why)\b")
    held = {m.name: ast.get_docstring(m.tree) or "" for m in EVERY}
    assert [n for n, text in held.items() if not text or clause.match(text)] == []
