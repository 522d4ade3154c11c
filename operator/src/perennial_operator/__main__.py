"""Process of the operator: answers probes, waits for its CRD, then to lead, then works."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import sys
import time
from threading import Event
from types import FrameType
from typing import Final

import kopf

from perennial_contract.runtime.heartbeat import Heartbeat
from perennial_contract.runtime.logs import configure
from perennial_operator.adapters import probes
from perennial_operator.adapters.api import Api, ApiError
from perennial_operator.adapters.definition import PERIOD, ServedDefinition
from perennial_operator.adapters.kubernetes import KubernetesCluster
from perennial_operator.adapters.lease import TIMEOUT, Lease
from perennial_operator.adapters.others import Others
from perennial_operator.adapters.reports import HttpReports
from perennial_operator.adapters.restart import RESTARTS, Restart, hear_sigterm
from perennial_operator.api.names import GROUP, PLURAL, VERSION
from perennial_operator.handlers import registry
from perennial_operator.loops import Loops
from perennial_operator.metrics import Metrics
from perennial_operator.reconcile import Reconciler
from perennial_operator.settings import Settings

RETRY: Final = 2.0  # seconds between requests to an API server that is not ready
_LOG: Final = logging.getLogger(__name__)


def wait_for_definition(api: Api) -> None:
    """Waits for the CRD, and logs it: kopf would wait in silence."""
    while True:
        try:
            found = api.call("GET", f"apis/{GROUP}/{VERSION}")["resources"]
            if any(resource["name"] == PLURAL for resource in found):
                return
            why = "the definition is not served"
        except ApiError as error:
            why = str(error)
        _LOG.error(
            "no CustomResourceDefinition yet", extra={"resource": f"{PLURAL}.{GROUP}", "why": why}
        )
        time.sleep(RETRY)


def wait_for_cluster_uid(api: Api) -> str:
    """Which cluster this is: whose a prefix on S3 is rests on it."""
    while True:
        try:
            found = api.call("GET", "api/v1/namespaces/kube-system")
            return str(found["metadata"]["uid"])
        except ApiError as error:
            _LOG.error("the namespace kube-system cannot be read", extra={"why": str(error)})
        time.sleep(RETRY)


async def lead(
    settings: Settings,
    handlers: kopf.OperatorRegistry,
    heartbeat: Heartbeat,
    definition: ServedDefinition,
    reports: HttpReports,
) -> None:
    """Looks after every ModelPipeline until the process is to stop."""
    beside = [asyncio.create_task(each) for each in (_beat(heartbeat), _watch(definition))]
    try:
        await kopf.operator(
            registry=handlers,
            clusterwide=not settings.namespaces,
            namespaces=settings.namespaces,
            standalone=True,
        )
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await reports.aclose()


async def _beat(heartbeat: Heartbeat) -> None:
    while True:
        heartbeat.beat(time.monotonic())
        await asyncio.sleep(2)


async def _watch(definition: ServedDefinition) -> None:
    while True:
        await asyncio.sleep(PERIOD)
        await asyncio.to_thread(definition.look)


def _stop(number: int, _: FrameType | None) -> None:
    """Ends the process before kopf handles signals: process 1 would ignore SIGTERM."""
    sys.exit(128 + number)


def _may_connect_to_many() -> None:
    """Lifts the limit of open files, often 1,024: a connection to each pod is kept."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _restart(metrics: Metrics) -> Restart:
    """Counts on from where the process before it in this container came to."""
    count = int(os.environ.get(RESTARTS, "0"))
    metrics.restarts.inc(count)
    return Restart(count)


def main() -> None:
    configure()
    _may_connect_to_many()
    logging.getLogger("kopf").setLevel(logging.WARNING)
    hear_sigterm(_stop)
    settings = Settings.from_env(os.environ)
    heartbeat, ready, metrics = Heartbeat(probes.LATE), Event(), Metrics()
    restart = _restart(metrics)
    probes.serve(
        settings.health_port,
        lambda: heartbeat.alive(time.monotonic()),
        ready.is_set,
        metrics.text,
    )
    api = Api(count=metrics.request)
    wait_for_definition(api)
    definition = ServedDefinition(api, metrics)
    definition.look()
    reports = HttpReports()
    reconciler = Reconciler(
        KubernetesCluster(api, settings.identity),
        reports,
        settings.images,
        wait_for_cluster_uid(api),
        metrics,
        definition.lacks,
        operator=f"{settings.namespace}/{settings.lease}",
        looks_after=Others(api).look_after,
    )
    ready.set()
    mine = Api(TIMEOUT, metrics.request)
    lease = Lease(
        mine,
        (settings.namespace, settings.lease),
        settings.identity,
        settings.namespaces,
    )
    lease.acquire()
    metrics.leader.set(1)
    try:
        lease.keep(restart)
        handlers = registry(Loops(reconciler, metrics=metrics), restart.forbid)
        asyncio.run(lead(settings, handlers, heartbeat, definition, reports))
    finally:
        lease.release()


if __name__ == "__main__":
    main()
