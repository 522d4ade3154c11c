"""Other operators in the cluster: whether one of them still looks after a namespace."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from perennial_operator.adapters.api import ApiError
from perennial_operator.adapters.kubernetes import path_of
from perennial_operator.adapters.lease import WATCHES, LeaseApi

SILENT: Final = 60.0  # seconds without a renewal after which an operator counts as gone
_NAME: Final = "[a-z0-9-]+/[a-z0-9.-]+"


class Others:
    """Operators by their Leases; their times are only compared with each other."""

    def __init__(self, api: LeaseApi, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._clock = clock
        self._seen: dict[str, tuple[object, float]] = {}

    async def look_after(self, operator: str, namespace: str) -> bool:
        """Whether the operator with that Lease, `namespace/name`, works, and on that namespace.

        Raises:
            ApiError: The Lease cannot be read.
        """
        return await asyncio.to_thread(self._look_after, operator, namespace)

    def _look_after(self, operator: str, namespace: str) -> bool:
        if not re.fullmatch(_NAME, operator):
            return False
        try:
            lease = self._api.call("GET", path_of("Lease", *operator.split("/")))
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        watched = lease["metadata"].get("annotations", {}).get(WATCHES, "")
        if watched and namespace not in watched.split(","):
            return False
        return self._works(operator, lease.get("spec", {}).get("renewTime"))

    def _works(self, operator: str, renewed: object) -> bool:
        now = self._clock()
        if operator not in self._seen or self._seen[operator][0] != renewed:
            self._seen[operator] = (renewed, now)
        return now - self._seen[operator][1] < SILENT
