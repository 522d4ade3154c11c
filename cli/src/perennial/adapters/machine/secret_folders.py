"""Secrets as folders of this machine: one for each, and in it a file for each key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path


def secrets_in(folder: Path) -> Callable[[str], Mapping[str, bytes] | None]:
    """A function from a Secret's name to its content by key; None where there is no such Secret."""

    def secret(name: str) -> Mapping[str, bytes] | None:
        place = folder / name
        if not place.is_dir():
            return None
        return {each.name: each.read_bytes() for each in sorted(place.iterdir()) if each.is_file()}

    return secret
