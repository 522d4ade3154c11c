"""Adapter of the API server: reads the demo's ModelPipeline, and removes it."""

from __future__ import annotations

import time
from typing import Any, Final

import kubernetes
import urllib3
from kubernetes.client.exceptions import ApiException

from perennial.pipeline import NAMESPACE
from perennial.report.view import Cells, View, read

_WHERE: Final = ("perennial.dev", "v1alpha1", NAMESPACE, "modelpipelines")
_TABLE: Final = "application/json;as=Table;g=meta.k8s.io;v=v1"
_NOT_FOUND: Final = 404
_PATIENCE: Final = 120.0  # seconds


class ClusterTrouble(Exception):  # noqa: N818  what it is
    """The API server does not do what was asked; the message says what, and how to go on."""


class Cluster:
    """Asks the API server that kubectl asks."""

    def __init__(self, name: str) -> None:
        try:
            kubernetes.config.load_kube_config()  # type: ignore[no-untyped-call]  # it has no types
        except kubernetes.config.ConfigException as error:
            raise ClusterTrouble(
                'kubectl knows no cluster: cluster/cluster up, then eval "$(cluster/cluster env)"'
            ) from error
        self._custom = kubernetes.client.CustomObjectsApi()
        self._core = kubernetes.client.CoreV1Api()
        self._name = name

    def look(self) -> View | None:
        """The resource and the row that kubectl prints for it; None where the server is away.

        Raises:
            ClusterTrouble: There is no such ModelPipeline, or we may not see it.
        """
        try:
            resource = self._get()
            table = self._get(_headers={"Accept": _TABLE})
        except ApiException as error:
            if error.status in {0, 429} or error.status >= 500:  # noqa: PLR2004  the server's trouble
                return None
            raise ClusterTrouble(f"ModelPipeline {self._name}: {error.reason}") from error
        except (urllib3.exceptions.HTTPError, OSError):
            return None
        return read(resource, _row(table))

    def remove(self) -> bool:
        """Deletes the ModelPipeline and returns when its pods are gone; False if there was none.

        Raises:
            ClusterTrouble: They are still there after two minutes.
        """
        try:
            self._custom.delete_namespaced_custom_object(*_WHERE, self._name)
        except ApiException as error:
            if error.status != _NOT_FOUND:
                raise ClusterTrouble(f"ModelPipeline {self._name}: {error.reason}") from error
            found = False
        else:
            found = True
        end = time.monotonic() + _PATIENCE
        while self._pods():
            if time.monotonic() > end:
                raise ClusterTrouble(f"pods of {self._name} are still there: {self._pods()}")
            time.sleep(0.5)
        return found

    def _pods(self) -> list[str]:
        selector = f"perennial.dev/pipeline={self._name}"
        pods: Any = self._core.list_namespaced_pod(NAMESPACE, label_selector=selector).items
        return [pod.metadata.name for pod in pods]

    def _get(self, **more: Any) -> Any:
        return self._custom.get_namespaced_custom_object(
            *_WHERE, self._name, _request_timeout=(3, 5), **more
        )


def _row(table: dict[str, Any]) -> Cells:
    """Columns that `kubectl get` shows without `-o wide`."""
    columns, cells = table["columnDefinitions"], table["rows"][0]["cells"]
    return tuple(
        (column["name"].upper(), "" if cell is None else str(cell))
        for column, cell in zip(columns, cells, strict=True)
        if not column.get("priority")
    )
