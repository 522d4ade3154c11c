"""Quantities, as Kubernetes writes them: CPU, bytes and so on."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, StringConstraints, WithJsonSchema

QUANTITY_PATTERN: Final = r"^[0-9]{1,15}(\.[0-9]{1,9})?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"
_FACTORS: Final = {
    "": 1,
    **{unit: 1000 ** (power + 1) for power, unit in enumerate("kMGTP")},
    **{f"{unit}i": 1024 ** (power + 1) for power, unit in enumerate("KMGTP")},
}
Quantity = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    StringConstraints(pattern=QUANTITY_PATTERN, max_length=32),
    WithJsonSchema(
        {"x-kubernetes-int-or-string": True, "pattern": QUANTITY_PATTERN, "maxLength": 32}
    ),
]


def parse_bytes(quantity: str) -> int:
    """`"2Gi"` in bytes.

    Raises:
        ValueError: The text is no quantity, or counts in thousandths.
    """
    match = re.fullmatch(r"([0-9.]+)([kMGTP]i?|Ki)?", quantity)
    if match is None:
        raise ValueError(f"{quantity} is no number of bytes")
    return int(float(match[1]) * _FACTORS[match[2] or ""])
