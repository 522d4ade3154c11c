"""Documents of a YAML file, with the place of each field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

Path = Sequence[str | int]
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """Leaves dates as texts, since JSON has none."""


_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    node: yaml.Node
    content: Any
    """As JSON has it."""
    doubled: Sequence[tuple[Place, str]]
    """Keys that stand in one mapping twice."""

    def find(self, path: Path) -> tuple[Place, bool]:
        """Where a field stands, and whether it does; else where what would hold it stands."""
        node, place = self.node, place_of(self.node.start_mark)
        for part in path:
            found = _below(node, part)
            if found is None:
                return place, False
            key, node = found
            place = place_of(key.start_mark)
        return place, True


def place_of(mark: yaml.Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def documents(text: str) -> Iterator[Document]:
    """Those of a file that hold anything.

    Raises:
        yaml.YAMLError: It is no YAML from there on.
        ValueError: A document holds itself.
    """
    loader = _Loader(text)
    try:
        while loader.check_node():
            if (node := loader.get_node()) is None:
                break
            doubled = list(_doubled(node, set()))
            content = _as_json(loader.construct_document(node))
            if content is not None:
                yield Document(node, content, doubled)
    except RecursionError as error:
        raise ValueError("a document is nested too deeply, or holds itself") from error
    finally:
        loader.dispose()


def _below(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The node that stands for a part of a path, and its value's."""
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
        values: list[yaml.Node] = node.value
        return (values[part], values[part]) if part < len(values) else None
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):
            if key.value == part:
                return key, value
    return None


def _doubled(node: yaml.Node, seen: set[int]) -> Iterator[tuple[Place, str]]:
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _doubled(value, seen)
        return
    names: set[str] = set()
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in names:
                yield place_of(key.start_mark), key.value
            names.add(key.value)
        yield from _doubled(value, seen)


def _as_json(value: object) -> Any:
    match value:
        case dict():
            return {_key(key): _as_json(below) for key, below in value.items()}
        case list():
            return [_as_json(below) for below in value]
        case float() if value.is_integer():
            return int(value)
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)
