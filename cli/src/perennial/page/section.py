"""Section of the page's document, and how much it asks of who reads it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Section(Struct, frozen=True, kw_only=True, rename="camel"):
    """Part of the document, with camelCase names."""


class Level(StrEnum):
    """How much a state asks of a person."""

    WELL = "well"
    WAITS = "waits"  # it passes by itself
    ACT = "act"  # somebody must do something
