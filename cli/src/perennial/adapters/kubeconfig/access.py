"""Access to an API server: ModelPipelines and Secrets of one namespace."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from perennial.adapters.kubeconfig.settings import find
from perennial.adapters.kubeconfig.trouble import NotFound, trouble_of
from perennial_operator.adapters.api import Api, ApiError, Query
from perennial_operator.adapters.kubernetes import path_of
from perennial_operator.api.names import KIND, Manifest

MANAGER: Final = "perennial-client"  # of the fields that a person sets; the operator is another
_JSON: Final[Mapping[str, str]] = {}
_APPLY: Final = {"Content-Type": "application/apply-patch+yaml"}
_MERGE: Final = {"Content-Type": "application/merge-patch+json"}
_STRICT: Final = ("fieldValidation", "Strict")


class Access:
    """Asks the API server that kubectl would ask; every method raises ClusterTrouble."""

    def __init__(self, context: str = "", namespace: str = "", kubeconfig: str = "") -> None:
        """By default kubectl's own choices: current context, its namespace, KUBECONFIG."""
        settings, of_context = find(context, kubeconfig)
        self.namespace: Final = namespace or of_context
        self._server: str = settings.host
        self._api = Api(settings=settings)

    def pipeline(self, name: str = "") -> Manifest:
        """The ModelPipeline of that name, or without one the only one of the namespace.

        Raises:
            NotFound: There is none of that name, or which is meant is not clear.
        """
        if not name:
            return self._only()
        try:
            return self.call("GET", path_of(KIND, self.namespace, name))
        except NotFound:
            pass
        raise NotFound(f"there is no ModelPipeline {name} {self._choice(self.pipelines())}")

    def pipelines(self) -> list[Manifest]:
        """All ModelPipelines of the namespace, by name."""
        return list(self.call("GET", path_of(KIND, self.namespace)).get("items", []))

    def apply(self, manifest: Manifest, *, force: bool) -> Manifest:
        """The ModelPipeline after a server-side apply.

        Raises:
            Conflict: Others have set fields otherwise; `force` takes them over.
            Refused: The definition or a policy does not allow it.
        """
        query = [("fieldManager", MANAGER), ("force", str(force).lower()), _STRICT]
        path = path_of(KIND, self.namespace, manifest["metadata"]["name"])
        return self.call("PATCH", path, manifest, query=query, headers=_APPLY)

    def edit(self, name: str, spec: Manifest) -> Manifest:
        """The ModelPipeline after some fields of its spec were set; raises Refused."""
        query = [("fieldManager", MANAGER), _STRICT]
        path = path_of(KIND, self.namespace, name)
        return self.call("PATCH", path, {"spec": spec}, query=query, headers=_MERGE)

    def delete(self, name: str) -> bool:
        """Deletes the ModelPipeline; whether there was one."""
        try:
            self.call("DELETE", path_of(KIND, self.namespace, name))
        except NotFound:
            return False
        return True

    def secret(self, name: str) -> Mapping[str, bytes] | None:
        """What a Secret of the namespace holds, by key; None where there is no such Secret."""
        path = f"api/v1/namespaces/{self.namespace}/secrets/{name}"
        try:
            held = self.call("GET", path).get("data") or {}
        except NotFound:
            return None
        return {key: base64.b64decode(value) for key, value in held.items()}

    def call(
        self,
        method: str,
        path: str,
        body: Manifest | None = None,
        *,
        query: Query = (),
        headers: Mapping[str, str] = _JSON,
    ) -> Manifest:
        """One request, one answer."""
        try:
            return self._api.call(method, path, body, query=query, headers=headers)
        except ApiError as error:
            raise trouble_of(error, self._server) from error

    def _only(self) -> Manifest:
        found = self.pipelines()
        if len(found) == 1:
            return found[0]
        which = "name one of the ModelPipelines" if found else "there is no ModelPipeline"
        raise NotFound(f"{which} {self._choice(found)}")

    def _choice(self, found: list[Manifest]) -> str:
        names = ", ".join(each["metadata"]["name"] for each in found)
        there = f": {names}" if names else "; --namespace names another"
        return f"in namespace {self.namespace}{there}"
