"""ServerObjects: what controllers and kubelet look at, kept by a real API server.

It takes the place of `Objects`, so that a `Node` runs pods where no kubelet does.
"""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from perennial.cluster.objects import Key, is_leaving, owners_of
from perennial_operator.adapters.api import Api, ApiError
from perennial_operator.adapters.kubernetes import path_of

Json = dict[str, Any]
PORT = 8080
_MERGE = {"Content-Type": "application/merge-patch+json"}
_AT_ONCE = {"gracePeriodSeconds": 0}


class ServerObjects:
    """Of one namespace.

    A status is kept whole besides, since the server drops what no Kubernetes knows: when a
    container starts again, which pods a Job has seen.
    """

    def __init__(self, api: Api, namespace: str, port: Callable[[str], int]) -> None:
        """`port` is where a pod's process answers on this machine, by the pod's UID."""
        self._api, self._namespace = api, namespace
        self._statuses: dict[str, Json] = {}  # by UID
        self._network = PodNetwork(port)

    def close(self) -> None:
        self._network.close()

    def get(self, key: Key) -> Json | None:
        kind, namespace, name = key
        try:
            found = self._api.call("GET", path_of(kind, namespace, name))
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return self._whole(kind, found)

    def of_kind(self, kind: str) -> list[Json]:
        found = self._api.call("GET", path_of(kind, self._namespace))["items"]
        return [self._whole(kind, each) for each in found]

    def create(self, manifest: Json, now: datetime) -> bool:  # noqa: ARG002  the server's own
        kind = manifest["kind"]
        made = self._api.call("POST", path_of(kind, self._namespace), manifest)
        self._statuses[made["metadata"]["uid"]] = manifest["status"]
        return True

    def delete(self, manifest: Json, now: datetime) -> None:  # noqa: ARG002
        self._delete(manifest, {"propagationPolicy": "Foreground"})

    def remove(self, manifest: Json) -> None:
        self._delete(manifest, _AT_ONCE)

    def set_status(self, key: Key, status: Json) -> None:
        kind, namespace, name = key
        found = self.get(key)
        if found is None or found.get("status") == status:
            return
        uid = found["metadata"]["uid"]
        self._statuses[uid] = status
        if kind == "Job":  # its server takes none that says "Complete" without more of its own
            return
        told = {**status, **self._network.address(uid)} if "podIP" in status else status
        path = f"{path_of(kind, namespace, name)}/status"
        self._api.call("PATCH", path, {"status": told}, headers=_MERGE)

    def collect(self, now: datetime) -> None:
        """As the garbage collector at a deletion in the foreground."""
        pods = self.of_kind("Pod")
        for owner in filter(is_leaving, self.of_kind("Job")):
            own = [pod for pod in pods if owner["metadata"]["uid"] in owners_of(pod)]
            for pod in own:
                self.delete(pod, now)
            if not own:
                path = path_of("Job", self._namespace, owner["metadata"]["name"])
                self._api.call("PATCH", path, {"metadata": {"finalizers": None}}, headers=_MERGE)

    def _delete(self, manifest: Json, options: Json) -> None:
        meta = manifest["metadata"]
        path = path_of(manifest["kind"], self._namespace, meta["name"])
        try:
            self._api.call("DELETE", path, {**options, "preconditions": {"uid": meta["uid"]}})
        except ApiError as error:
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                raise

    def _whole(self, kind: str, found: Json) -> Json:
        """With its kind, which a list leaves out, and with the status that was set."""
        versions = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1"}
        own = self._statuses.get(found["metadata"]["uid"], found.get("status", {}))
        return {"apiVersion": versions.get(kind, "v1"), "kind": kind, **found, "status": own}


class PodNetwork:
    """An address for each pod, where port 8080 leads to its process."""

    def __init__(self, port: Callable[[str], int]) -> None:
        self._port = port
        self._servers: dict[str, ThreadingHTTPServer] = {}

    def address(self, uid: str) -> Json:
        """As a pod's status has it."""
        if uid not in self._servers:
            place = f"127.84.0.{len(self._servers) + 1}"
            server = ThreadingHTTPServer((place, PORT), _relay(lambda: self._port(uid)))
            server.daemon_threads = True
            Thread(target=server.serve_forever, daemon=True).start()
            self._servers[uid] = server
        found = str(self._servers[uid].server_address[0])
        return {"podIP": found, "podIPs": [{"ip": found}]}

    def close(self) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()


def _relay(port: Callable[[], int]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                with urlopen(f"http://127.0.0.1:{port()}{self.path}", timeout=5) as answer:
                    body = answer.read()
            except (URLError, OSError):
                self.send_error(HTTPStatus.BAD_GATEWAY)
                return
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    return Handler
