"""Masks over what depends on a trained model, whose last digits are not the same on every CPU."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_VERSION: Final = re.compile(r"\bv(\d+)-[0-9a-f]{8}\b")
_DIGEST: Final = re.compile(r"(?<!schemaDigest': ')\b[0-9a-f]{64}\b")
_FRACTION: Final = re.compile(r"(?<![\w.])-?\d+(\.\d+(e-?\d+)?|e-\d+)\b(?!\.)")
_LENGTH: Final = re.compile(r"('length': ?)\d+")
_FOUND: Final = re.compile(r"(['\"](?:parameters|libraries)['\"]: ?\{)([^}]*)")
_VALUE: Final = re.compile(r"""(['"]: ?)("[^"]*"|[^,"\n]+)""")


def masked(text: str, known: Collection[str]) -> str:
    """Without versions, fractions, lengths, and every digest that is none of `known`.

    Of the parameters of a search, and of the libraries, the names alone stay.
    """

    def digest(found: re.Match[str]) -> str:
        return found[0] if found[0] in known else "(digest)"

    text = _FOUND.sub(lambda found: found[1] + _VALUE.sub(r"\1(value)", found[2]), text)
    text = _DIGEST.sub(digest, _VERSION.sub(r"v\1-(digest)", text))
    return _LENGTH.sub(r"\1(bytes)", _FRACTION.sub("(number)", text))
