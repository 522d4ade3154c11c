"""Names of the candidates, as they stand in a verdict's scores and in manifests."""

from __future__ import annotations

from enum import StrEnum


class CandidateName(StrEnum):
    """`CHAMPION` and `BASE_RATE` are what a candidate must beat; the others can win."""

    CHAMPION = "champion"
    BASE_RATE = "base-rate"
    SEARCH = "search"
    """Fitted from scratch with the parameters that the search found, else with the defaults."""
    PARAMETERS_ALL = "parameters-all"
    """Fitted from scratch with the champion's parameters, on all rows."""
    PARAMETERS_RECENT = "parameters-recent"
    """The same on the newest rows, twice the retraining threshold."""
    PARAMETERS_WINDOW = "parameters-window"
    """The same on as many rows as the champion was fitted on."""
    SINCE_RISE = "since-rise"
    """The same on the rows since the champion's losses rose."""
    REFIT = "refit"
    """The champion's trees with new leaf values."""
    PREVIOUS = "previous"
    """The model that the champion replaced."""
