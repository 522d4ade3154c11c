"""Cluster of a pass, on the API server: documents in and out."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from perennial_operator.adapters.api import THREADS, Api, ApiError
from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.names import (
    GROUP,
    KIND,
    MANAGER,
    PIPELINE_LABEL,
    PLURAL,
    VERSION,
    Manifest,
)
from perennial_operator.ports import Conflict, Refused

_METADATA: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_ACCEPTED: Final[Mapping[str, Mapping[str, str]]] = {"ConfigMap": {"Accept": _METADATA}}
_APPLY: Final = {"Content-Type": "application/apply-patch+yaml"}
_MERGE: Final = {"Content-Type": "application/merge-patch+json"}
_PATHS: Final[Mapping[str, tuple[str, str]]] = {
    KIND: (f"apis/{GROUP}/{VERSION}", PLURAL),
    "Deployment": ("apis/apps/v1", "deployments"),
    "StatefulSet": ("apis/apps/v1", "statefulsets"),
    "ControllerRevision": ("apis/apps/v1", "controllerrevisions"),
    "ReplicaSet": ("apis/apps/v1", "replicasets"),
    "ConfigMap": ("api/v1", "configmaps"),
    "Job": ("apis/batch/v1", "jobs"),
    "Lease": ("apis/coordination.k8s.io/v1", "leases"),
    "Pod": ("api/v1", "pods"),
    "Service": ("api/v1", "services"),
    "Event": ("api/v1", "events"),
    "NewEvent": ("apis/events.k8s.io/v1", "events"),
}
_UNTYPED: Final = "failed to create typed patch object"  # for an unknown field, with status 500
_PASSING: Final = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
AT_ONCE: Final = 8  # requests about one namespace: a webhook there that hangs holds up no other
_ALONE: Final = frozenset({"ControllerRevision", "ConfigMap", "Service"})  # that own no pods
_LOG: Final = logging.getLogger(__name__)


def path_of(kind: str, namespace: str, name: str = "") -> str:
    group, plural = _PATHS[kind]
    return f"{group}/namespaces/{namespace}/{plural}" + (f"/{quote(name)}" if name else "")


def namespace_of(path: str) -> str:
    _, _, below = path.partition("/namespaces/")
    return below.partition("/")[0]


class KubernetesCluster:
    """The Cluster of a pass; calls run in threads, each with a time limit."""

    def __init__(self, api: Api, instance: str) -> None:
        self._api = api
        self._instance = instance
        self._threads = ThreadPoolExecutor(THREADS, "requests")
        self._turns = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(AT_ONCE))

    async def get(self, kind: str, namespace: str, name: str) -> Manifest | None:
        try:
            return await self._call("GET", path_of(kind, namespace, name))
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            # Roles of before there were Services give no right to them: then none of them is ours,
            # and one that is asked for is refused as it is applied.
            if error.status == HTTPStatus.FORBIDDEN and kind == "Service":
                return None
            raise

    async def labeled(self, kind: str, namespace: str, pipeline: str) -> list[Manifest]:
        query = [("labelSelector", f"{PIPELINE_LABEL}={pipeline}")]
        path, headers = path_of(kind, namespace), _ACCEPTED.get(kind, {})
        found = await self._call("GET", path, query=query, headers=headers)
        items = found["items"] or []  # of metadata alone: null where there is none
        items.sort(key=lambda each: str(each["metadata"]["name"]))
        return [{**each, "kind": kind} for each in items]  # items of a list lack it

    async def warnings(self, about: Manifest) -> list[tuple[str, str]]:
        meta = about["metadata"]
        fields = f"involvedObject.name={meta['name']},involvedObject.uid={meta['uid']},type=Warning"
        query = [("fieldSelector", fields), ("limit", "50")]
        path = path_of("Event", meta["namespace"])
        items = (await self._call("GET", path, query=query))["items"]
        items.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
        return [(event.get("reason", ""), event.get("message", "")) for event in items]

    async def apply(self, manifest: Manifest) -> Manifest:
        query = [
            ("fieldManager", MANAGER),
            ("force", "true"),
            ("fieldValidation", "Strict"),
        ]
        try:
            return await self._call("PATCH", _path(manifest), manifest, query=query, headers=_APPLY)
        except ApiError as error:
            raise _refusal(error) from error

    async def create(self, manifest: Manifest) -> bool:
        query = [("fieldManager", MANAGER), ("fieldValidation", "Strict")]
        path = path_of(manifest["kind"], manifest["metadata"]["namespace"])
        try:
            await self._call("POST", path, manifest, query=query)
        except ApiError as error:
            if error.reason == "AlreadyExists":
                return False
            raise _refusal(error) from error
        return True

    async def delete(self, manifest: Manifest) -> None:
        """In the foreground: the object is gone when its pods are, so that none works twice."""
        policy = "Background" if manifest["kind"] in _ALONE else "Foreground"
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": manifest["metadata"]["uid"]},
            "propagationPolicy": policy,
        }
        try:
            await self._call("DELETE", _path(manifest), body)
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND and error.reason != "Conflict":
                raise _refusal(error) from error

    async def patch_status(self, resource: Manifest, patch: Manifest) -> None:
        version = {"resourceVersion": resource["metadata"]["resourceVersion"]}
        # What a definition older than the operator does not know is dropped, not refused.
        query = [("fieldManager", MANAGER), ("fieldValidation", "Ignore")]
        path = f"{_path(resource)}/status"
        body = {"metadata": version, "status": patch}
        try:
            await self._call("PATCH", path, body, query=query, headers=_MERGE)
        except ApiError as error:
            if error.reason == "Conflict":
                raise Conflict(str(error)) from error
            raise

    async def publish(self, resource: Manifest, event: Event) -> None:
        """An Event that is not taken is logged: what it says stands in the status too."""
        meta = resource["metadata"]
        body = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {
                "name": f"{meta['name']}.{uuid4().hex[:16]}",
                "namespace": meta["namespace"],
            },
            "eventTime": datetime.now(UTC).isoformat(timespec="microseconds"),
            "type": "Warning" if event.warning else "Normal",
            "reason": event.reason,
            "action": event.reason,
            "note": event.note[:1000],
            "regarding": {
                "apiVersion": resource["apiVersion"],
                "kind": resource["kind"],
                "name": meta["name"],
                "namespace": meta["namespace"],
                "uid": meta["uid"],
            },
            "reportingController": f"{GROUP}/operator",
            "reportingInstance": self._instance[:128],
        }
        try:
            await self._call("POST", path_of("NewEvent", meta["namespace"]), body)
        except ApiError as error:
            _LOG.warning("an Event was not taken", extra={"why": str(error)})

    async def _call(self, method: str, path: str, *arguments: Any, **options: Any) -> Manifest:
        call = partial(self._api.call, method, path, *arguments, **options)
        async with self._turns[namespace_of(path)]:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def _refusal(error: ApiError) -> Refused | ApiError:
    """Refused where the answer is about the object: a repetition would get the same answer."""
    if _UNTYPED in str(error):
        return Refused(str(error))
    about_it = HTTPStatus.BAD_REQUEST <= error.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return Refused(str(error)) if about_it and error.status not in _PASSING else error


def _path(manifest: Manifest) -> str:
    meta = manifest["metadata"]
    return path_of(manifest["kind"], meta["namespace"], meta["name"])
