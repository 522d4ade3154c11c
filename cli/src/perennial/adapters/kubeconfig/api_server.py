"""Adapter of the API server: reads the demo's ModelPipeline, and removes it."""

from __future__ import annotations

import time
from typing import Any, Final

from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.trouble import Away, ClusterTrouble
from perennial.pipeline import NAMESPACE
from perennial.report.view import Cells, View, read
from perennial_operator.adapters.kubernetes import path_of
from perennial_operator.api.names import KIND, PIPELINE_LABEL

_TABLE: Final = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
_PATIENCE: Final = 120.0  # seconds


class Cluster:
    """Asks the API server that kubectl asks."""

    def __init__(self, name: str) -> None:
        """Raises ClusterTrouble: kubectl knows no cluster."""
        self._access = Access(namespace=NAMESPACE)
        self._name = name

    def look(self) -> View | None:
        """The resource and the row that kubectl prints for it; None where the server is away.

        Raises:
            ClusterTrouble: There is no such ModelPipeline, or we may not see it.
        """
        path = path_of(KIND, NAMESPACE, self._name)
        try:
            resource = self._access.pipeline(self._name)
            table = self._access.call("GET", path, headers=_TABLE)
        except Away:
            return None
        return read(resource, _row(table))

    def remove(self) -> bool:
        """Deletes the ModelPipeline and returns when its pods are gone; False if there was none.

        Raises:
            ClusterTrouble: They are still there after two minutes.
        """
        found = self._access.delete(self._name)
        end = time.monotonic() + _PATIENCE
        while pods := self._pods():
            if time.monotonic() > end:
                raise ClusterTrouble(f"pods of {self._name} are still there: {pods}")
            time.sleep(0.5)
        return found

    def _pods(self) -> list[str]:
        query = [("labelSelector", f"{PIPELINE_LABEL}={self._name}")]
        pods = self._access.call("GET", path_of("Pod", NAMESPACE), query=query)["items"]
        return [pod["metadata"]["name"] for pod in pods]


def _row(table: dict[str, Any]) -> Cells:
    """Columns that `kubectl get` shows without `-o wide`."""
    columns, cells = table["columnDefinitions"], table["rows"][0]["cells"]
    return tuple(
        (column["name"].upper(), "" if cell is None else str(cell))
        for column, cell in zip(columns, cells, strict=True)
        if not column.get("priority")
    )
