"""Lease that decides who leads: its holder ends itself before another may take it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, Protocol

from perennial_operator.adapters.api import ApiError
from perennial_operator.adapters.kubernetes import path_of
from perennial_operator.api.names import Manifest

DURATION: Final = 15  # seconds after which a silent holder has lost it
DEADLINE: Final = 10.0  # seconds without a renewal after which the holder ends itself
PERIOD: Final = 2.0
TIMEOUT: Final = (2, 3)  # connect and read, of the Api that is given
WATCHES: Final = "perennial.dev/namespaces"  # annotation: where the holder works; empty: everywhere
_LOG: Final = logging.getLogger(__name__)


class LeaseApi(Protocol):
    """What a Lease needs of an Api."""

    def call(self, method: str, path: str, body: Manifest | None = None) -> Manifest: ...


class Lease:
    """One candidate for one Lease; others' times are only compared with each other."""

    def __init__(
        self,
        api: LeaseApi,
        where: tuple[str, str],
        identity: str,
        namespaces: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`where` is its namespace and name; `namespaces` are those that its holder works on."""
        self._api = api
        self._clock = clock
        self._where = where
        self._identity = identity
        self._watches = {WATCHES: ",".join(namespaces)}
        self._seen: tuple[object, float] = (None, 0.0)
        self._renewed = 0.0
        self._lost = False
        self._over = threading.Event()
        self._turn = threading.Lock()

    def acquire(self) -> None:
        """Returns as the leader."""
        while not self.attempt():
            time.sleep(PERIOD)
        _LOG.info("leading", extra={"identity": self._identity})

    def keep(self, end: Callable[[], object]) -> None:
        """Renews from a thread; a second one ends the process when that does not succeed."""
        for work in (self._renew, self._watch):
            threading.Thread(target=work, args=(end,), name="lease", daemon=True).start()

    def release(self) -> None:
        """Gives it back, so that a successor need not wait."""
        self._over.set()
        with self._turn:
            self._give_back()

    def _give_back(self) -> None:
        try:
            current = self._api.call("GET", path_of("Lease", *self._where))
            if current["spec"].get("holderIdentity") == self._identity:
                self._put(current, "")
        except ApiError as error:
            _LOG.warning("the lease was not given back", extra={"why": str(error)})

    def _renew(self, end: Callable[[], object]) -> None:
        while not self._over.wait(PERIOD):
            if not self.attempt() and self._lost:
                _LOG.error("another leads")
                end()

    def _watch(self, end: Callable[[], object]) -> None:
        while not self._over.wait(0.5):
            if self._clock() - self._renewed > DEADLINE:
                _LOG.error("the lease could not be renewed in time")
                end()

    def attempt(self) -> bool:
        """Takes or renews the Lease; False when another holds it or there was no answer."""
        with self._turn:
            return not self._over.is_set() and self._try()

    def _try(self) -> bool:
        self._lost = False
        started = self._clock()
        try:
            self._take()
        except ApiError as error:
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                _LOG.warning("no answer about the lease", extra={"why": str(error)})
            return False
        if self._lost:
            return False
        self._renewed = started
        return True

    def _take(self) -> None:
        try:
            current = self._api.call("GET", path_of("Lease", *self._where))
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            self._create()
            return
        spec = current.get("spec", {})
        holder = spec.get("holderIdentity") or ""
        now = self._clock()
        if (holder, spec.get("renewTime")) != self._seen[0]:
            self._seen = ((holder, spec.get("renewTime")), now)
        expired = now - self._seen[1] > spec.get("leaseDurationSeconds", DURATION)
        if holder in {"", self._identity} or expired:
            self._put(current, self._identity)
        else:
            self._lost = True

    def _create(self) -> None:
        namespace, name = self._where
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": namespace, "annotations": self._watches},
            "spec": self._spec(self._identity, 0),
        }
        self._api.call("POST", path_of("Lease", namespace), lease)

    def _put(self, current: Manifest, holder: str) -> None:
        """With the resourceVersion that was read: of two candidates one is refused."""
        before = current.get("spec", {})
        turns = before.get("leaseTransitions", 0)
        turns += before.get("holderIdentity") != holder and bool(holder)
        spec = {**before, **self._spec(holder, turns)}
        meta = current["metadata"]
        meta = {**meta, "annotations": {**meta.get("annotations", {}), **self._watches}}
        body = {**current, "metadata": meta, "spec": spec}
        self._api.call("PUT", path_of("Lease", *self._where), body)

    def _spec(self, holder: str, turns: int) -> Manifest:
        return {
            "holderIdentity": holder,
            "leaseDurationSeconds": DURATION,
            "renewTime": datetime.now(UTC).isoformat(timespec="microseconds"),
            "leaseTransitions": turns,
        }
