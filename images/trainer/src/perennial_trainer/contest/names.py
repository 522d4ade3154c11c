"""Names of the candidates, as they stand in a verdict's scores."""

from __future__ import annotations

from typing import Final

SEARCH: Final = "search"

REFIT: Final = "refit"

PREVIOUS: Final = "previous"
CHAMPION: Final = "champion"
BASE_RATE: Final = "base-rate"
SINCE_RISE: Final = "since-rise"
