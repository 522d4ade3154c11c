"""Tree of the product: its packages, their modules, and who imports whom."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = {
    "perennial": ROOT / "cli/src/perennial",
    "perennial_contract": ROOT / "libs/contract/src/perennial_contract",
    "perennial_model": ROOT / "libs/model/src/perennial_model",
    "perennial_operator": ROOT / "operator/src/perennial_operator",
    "perennial_predictor": ROOT / "images/predictor/src/perennial_predictor",
    "perennial_recorder": ROOT / "images/recorder/src/perennial_recorder",
    "perennial_trainer": ROOT / "images/trainer/src/perennial_trainer",
}
"""By name: the folder of its sources."""


@dataclass(frozen=True, slots=True)
class Module:
    """One file of a package."""

    name: str
    path: Path

    @property
    def parts(self) -> tuple[str, ...]:
        """Where it lies below its package: folders, then the file."""
        return tuple(self.name.split(".")[1:])

    @property
    def room(self) -> str:
        """Its folder; a module of the package's root is a room of its own."""
        return self.parts[0] if self.parts else "__init__"

    @property
    def lines(self) -> int:
        return len(self.path.read_text().splitlines())

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text())


@cache
def modules(package: str) -> Mapping[str, Module]:
    """All modules of a package by dotted name; of an `__init__.py` the folder's."""
    source = PACKAGES[package]
    found = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        name = ".".join([package, *(part for part in parts if part != "__init__")])
        found[name] = Module(name, path)
    return found


def imported(module: Module) -> Iterator[str]:
    """Dotted names that a module imports, whether they are modules or what stands in them."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows(package: str) -> dict[str, set[str]]:
    """Who imports whom within a package, by module."""
    known = modules(package)
    return {
        name: {target for each in imported(module) if (target := _within(each, known))} - {name}
        for name, module in known.items()
    }


def between_rooms(package: str) -> dict[str, set[str]]:
    """Who imports whom within a package, by room."""
    known = modules(package)
    rooms: dict[str, set[str]] = {module.room: set() for module in known.values()}
    for name, targets in arrows(package).items():
        rooms[known[name].room] |= {known[target].room for target in targets}
    return {room: targets - {room} for room, targets in rooms.items()}


def _within(name: str, known: Mapping[str, Module]) -> str:
    """The module that a dotted name is, or stands in; empty where it is another package's."""
    if name in known:
        return name
    parent = name.rpartition(".")[0]
    return parent if parent in known else ""
