"""Odd values, times, bytes and a table, whose readings must stay as they are."""

from __future__ import annotations

import math
from typing import Any, Final

ODD: Final[list[Any]] = [
    *(None, "", "?", "NaN", "nan", " ", "none", "null", "-1", -1, " -1 "),
    *(39, 39.0, "39", " 39 ", "39.0", "3.9e1", "0x27", "1_000", "1,5", 7, "7.0", 0, -0.0, "00"),
    *(True, False, "true", "True", "FALSE", "yes"),
    *(math.inf, -math.inf, "inf", "Infinity", 1e308, "1e400", 10**400, 5e-324, 0.1, 2**53 + 1),
    *("clerk", "Clerk", " clerk ", "naïve", "nai\u0308ve", "Ulm", "Bonn", "\x00", "é" * 300),
    *([], [1], {}, {"city": "Ulm"}),
]


MOMENTS: Final[list[Any]] = [
    *("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+02:00", "2026-01-02", "2026-01-02 03:04"),
    *(1_790_000_000, 1_790_000_000_000, 1_790_000_000.5, "1790000000", -1, 0, True, None, "soon"),
]


BYTES: Final = [
    *(b"", b"{", b"1", b"null", b'"x"', b"[1]", b'{"a": 1e999}', b'{"a": NaN}', b"\xff"),
    *(b'{"a": "\\ud800"}', b'{"a": 1, "a": 2}', b"\xef\xbb\xbf{}", b'{"a": 1.10}', b" {} "),
    *(b'{"a": 12345678901234567890123}', b"[" * 2000, b"{} {}"),
]


TABLE: Final[list[dict[str, Any]]] = [
    {
        "number": i,
        "text": f"t{i % 7}",
        "numeric text": f" {i}.5 ",
        "flag": i % 2 == 0,
        "mixed": i % 20 if i % 2 else "x",
        "sparse": i if i % 50 == 0 else None,
        "name": f"person {i}",
        "declared": {"inside": i},
    }
    for i in range(300)
]
