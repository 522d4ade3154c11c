"""Texts of others, made fit to be shown: in JSON, HTML and XML alike."""

from __future__ import annotations

import re
from typing import Final

MOST: Final = 400  # characters of a text
_UNFIT: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
"""Control characters, half characters, and those that turn the direction of what follows."""


def plain(text: str, most: int = MOST) -> str:
    """The text on one line, without what XML refuses or what could disguise it, cut to `most`."""
    cut = text[: most + 1]
    fit = " ".join(_UNFIT.sub(" ", cut).split())
    return fit if len(text) <= most else fit[: most - 1] + "…"


def short(version: str) -> str:
    """v7 of v7-3fa9c1d2."""
    return plain(version.partition("-")[0], 12)
