"""Cluster that a kubeconfig names, as the page looks at it: by reading, and no more than gently.

While somebody looks at a pipeline it costs 720 GETs of the resource an hour, and 240 times its pods
and what each of them says of itself, through the API server: no port is opened in the cluster.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from perennial.adapters.brokers.connection import Connection
from perennial.adapters.kafka import KafkaTrouble
from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.trouble import ClusterTrouble, Forbidden, NotFound
from perennial.adapters.kubeconfig.verdicts import read_verdict
from perennial.adapters.store import StoreTrouble
from perennial.adapters.watched.pods import report_in
from perennial.adapters.watched.tail import KafkaTail
from perennial.page.data import Page
from perennial.watching.ports import Resource, Unseen
from perennial_contract.settings import PORT
from perennial_contract.status import Report, Verdict
from perennial_operator.adapters.kubernetes import path_of
from perennial_operator.api.names import COMPONENT_LABEL, KIND, PIPELINE_LABEL, PREDICTOR, RECORDER
from perennial_operator.api.spec import Spec

PODS_EVERY: Final = 15.0  # seconds
PODS: Final = 20  # that are asked at most
_ASKED: Final = frozenset({PREDICTOR, RECORDER})


class KubeconfigPlace:
    """Implements watching.ports.Place for one namespace."""

    every = 5.0

    def __init__(self, access: Access, bootstrap: str = "") -> None:
        """`bootstrap` takes the place of the addresses of Kafka that the resources name."""
        self._access, self._bootstrap = access, bootstrap
        self._heard: dict[str, tuple[float, Sequence[Report] | None]] = {}
        self._forbidden = False

    def pipelines(self) -> Sequence[Resource]:
        with _unseen():
            return self._access.pipelines()

    def pipeline(self, namespace: str, name: str) -> Resource | None:
        if namespace != self._access.namespace:
            return None
        with _unseen():
            try:
                return self._access.call("GET", path_of(KIND, namespace, name))
            except NotFound:
                return None

    def problem(self) -> str:
        return ""

    def reports(self, resource: Resource) -> Sequence[Report] | None:
        uid = resource["metadata"]["uid"]
        at, heard = self._heard.get(uid, (float("-inf"), None))
        if not self._forbidden and time.monotonic() - at >= PODS_EVERY:
            heard = self._ask(resource)
            self._heard[uid] = (time.monotonic(), heard)
        return heard

    def verdict(self, resource: Resource, number: int) -> Verdict | None:
        try:
            with _unseen():
                return read_verdict(dict(resource), number, self._access.secret)
        except (StoreTrouble, ValueError) as error:
            raise Unseen(f"{error}.") from error

    def tail(self, spec: Spec, newest: Mapping[str, int]) -> KafkaTail:
        try:
            with _unseen():
                connection = Connection(spec.kafka, self._access.secret, self._bootstrap)
            return KafkaTail(connection, newest)
        except KafkaTrouble as trouble:
            raise Unseen(f"{trouble}.") from trouble

    def left(self, namespace: str, name: str) -> Page | None:  # noqa: ARG002  the port's
        return None

    def _ask(self, resource: Resource) -> Sequence[Report] | None:
        pods = f"api/v1/namespaces/{self._access.namespace}/pods"
        of = f"{PIPELINE_LABEL}={resource['metadata']['name']}"
        try:
            found = self._access.call("GET", pods, query=[("labelSelector", of)])["items"]
            ours = [
                pod for pod in found if pod["metadata"]["labels"].get(COMPONENT_LABEL) in _ASKED
            ]
            said = [self._heard_of(pods, pod, resource) for pod in ours[:PODS]]
        except Forbidden:  # it is not tried again
            self._forbidden = True
            return None
        except ClusterTrouble:
            return None
        return [report for report in said if report] or None

    def _heard_of(self, pods: str, pod: dict[str, Any], resource: Resource) -> Report | None:
        try:
            path = f"{pods}/{pod['metadata']['name']}:{PORT}/proxy/status"
            said = json.dumps(self._access.call("GET", path)).encode()
        except Forbidden:
            raise
        except (ClusterTrouble, ValueError):  # it is silent, or says what is no JSON
            return None
        return report_in(said, pod, resource["metadata"]["uid"])


@contextmanager
def _unseen() -> Iterator[None]:
    try:
        yield
    except ClusterTrouble as trouble:
        raise Unseen(f"{trouble}.") from trouble
