"""Rule between fields, as CEL that the API server keeps; its message says how to fix it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """`at` is the place in the schema where `self` is; the error is shown there, or at `field`."""

    at: str
    rule: str
    message: str
    field: str = ""


def one_of(at: str, *fields: str) -> Rule:
    given = " + ".join(f"(has(self.{field}) ? 1 : 0)" for field in fields)
    return Rule(at, f"{given} == 1", f"{at} needs exactly one of {', '.join(fields)}")
