"""Cluster that a kubeconfig names, as the page looks at it: by reading, and no more than gently.

While somebody looks at a pipeline it costs 720 GETs of the resource an hour, and 240 times its pods
and what each of them says of itself, through the API server: no port is opened in the cluster.
Pods are asked at once, and more seldom where one is silent: a look waits for the slowest.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from perennial.adapters.addresses import seen_from_here
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
SHARE: Final = 20  # times what asking took, until they are asked again
REFUSED_EVERY: Final = 300.0  # seconds until rights may have been given, or a token renewed
PODS: Final = 20  # that are asked at most, the recorder's first
_ASKED: Final = frozenset({PREDICTOR, RECORDER})


class KubeconfigPlace:
    """Implements watching.ports.Place for one namespace."""

    every = 5.0

    def __init__(self, access: Access, bootstrap: str = "") -> None:
        """`bootstrap` takes the place of the addresses of Kafka that the resources name."""
        self._access, self._bootstrap = access, bootstrap
        self._heard: dict[str, tuple[float, Sequence[Report] | None]] = {}
        """By uid: until when it holds what the pods have said."""

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
        until, heard = self._heard.get(uid, (float("-inf"), None))
        start = time.monotonic()
        if start >= until:
            heard, pause = self._ask(resource)
            now = time.monotonic()
            self._heard[uid] = (now + max(pause, SHARE * (now - start)), heard)
        return heard

    def verdict(self, resource: Resource, number: int) -> Verdict | None:
        try:
            with _unseen():
                return read_verdict(dict(resource), number, self._access.secret)
        except (StoreTrouble, ValueError) as error:
            raise Unseen(f"{error}.") from error

    def tail(self, spec: Spec, newest: Mapping[str, int]) -> KafkaTail:
        try:
            bootstrap = self._bootstrap or seen_from_here(spec.kafka.bootstrap_servers)
            with _unseen():
                connection = Connection(spec.kafka, self._access.secret, bootstrap)
            return KafkaTail(connection, newest)
        except KafkaTrouble as trouble:
            raise Unseen(f"{trouble}.") from trouble

    def left(self, namespace: str, name: str) -> Page | None:  # noqa: ARG002  the port's
        return None

    def _ask(self, resource: Resource) -> tuple[Sequence[Report] | None, float]:
        """What they say, and for how many seconds at least they are left alone."""
        pods = f"api/v1/namespaces/{self._access.namespace}/pods"
        of = f"{PIPELINE_LABEL}={resource['metadata']['name']}"
        try:
            found = self._access.call("GET", pods, query=[("labelSelector", of)])["items"]
            ours = sorted(filter(_at_work, found), key=lambda pod: _component(pod) != RECORDER)
            with ThreadPoolExecutor(PODS) as at_once:
                ask = partial(self._heard_of, pods, resource)
                said = list(at_once.map(ask, ours[:PODS]))
        except Forbidden:
            return None, REFUSED_EVERY
        except ClusterTrouble:
            return None, PODS_EVERY
        return [report for report in said if report] or None, PODS_EVERY

    def _heard_of(self, pods: str, resource: Resource, pod: dict[str, Any]) -> Report | None:
        try:
            path = f"{pods}/{pod['metadata']['name']}:{PORT}/proxy/status"
            said = json.dumps(self._access.call("GET", path)).encode()
        except Forbidden:
            raise
        except (ClusterTrouble, ValueError):  # it is silent, or says what is no JSON
            return None
        return report_in(said, pod, resource["metadata"]["uid"])


def _component(pod: Mapping[str, Any]) -> str:
    return str(pod["metadata"]["labels"].get(COMPONENT_LABEL, ""))


def _at_work(pod: Mapping[str, Any]) -> bool:
    """One that is still to start, or ends, would keep the API server waiting."""
    phase = pod.get("status", {}).get("phase", "Running")
    ends = "deletionTimestamp" in pod["metadata"]
    return _component(pod) in _ASKED and phase == "Running" and not ends


@contextmanager
def _unseen() -> Iterator[None]:
    try:
        yield
    except ClusterTrouble as trouble:
        raise Unseen(f"{trouble}.") from trouble
