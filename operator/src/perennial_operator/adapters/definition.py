"""Definition of ModelPipelines as the API server serves it: whether it is too old for us."""

from __future__ import annotations

import logging
from typing import Final

from perennial_operator.adapters.api import ApiError
from perennial_operator.adapters.lease import LeaseApi
from perennial_operator.crd.comparison import OPENAPI, lacking, served_schema
from perennial_operator.crd.definition import definition
from perennial_operator.metrics import Metrics

PERIOD: Final = 60.0  # seconds between two looks
_LOG: Final = logging.getLogger(__name__)


class ServedDefinition:
    """What the definition lacks; where there is no answer, what is known stays."""

    def __init__(self, api: LeaseApi, metrics: Metrics) -> None:
        version = definition()["spec"]["versions"][0]
        self._needed = version["schema"]["openAPIV3Schema"]
        self._api = api
        self._metrics = metrics
        self._lacks: tuple[str, ...] = ()

    def lacks(self) -> tuple[str, ...]:
        """Fields and words of this operator that the API server does not know."""
        return self._lacks

    def look(self) -> None:
        try:
            served = served_schema(self._api.call("GET", OPENAPI))
        except (ApiError, KeyError, ValueError) as error:
            _LOG.warning("the definition cannot be read", extra={"why": repr(error)})
            return
        found = tuple(lacking(self._needed, served))
        if found and found != self._lacks:
            _LOG.warning("the definition is older than the operator", extra={"lacks": found[:20]})
        self._lacks = found
        self._metrics.definition_lacks.set(len(found))
