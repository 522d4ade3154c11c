"""API server: one request, one answer, through the Kubernetes client."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from kubernetes import client, config
from urllib3.exceptions import HTTPError

from perennial_operator.api.names import Manifest

THREADS: Final = 64  # requests at a time, each with a connection that is kept
_HEADERS: Final = {"Content-Type": "application/json", "Accept": "application/json"}
_LONG: Final = 1000  # characters: a refused patch comes back as a whole
Query = Sequence[tuple[str, str]]
Count = Callable[[str, str, int], None]  # method, resource, status


class ApiError(OSError):
    """A request that failed; status 0 when there was no answer.

    `causes` are what the API server says of single fields.
    """

    def __init__(
        self, status: int, reason: str, message: str, causes: Sequence[Manifest] = ()
    ) -> None:
        short = message if len(message) < _LONG else f"{message[:200]} ... {message[-400:]}"
        super().__init__(f"{status} {reason}: {short}")
        self.status = status
        self.reason = reason
        self.causes = causes


class Api:
    """One request, one answer, within a time limit; no retries of its own."""

    def __init__(
        self,
        timeout: tuple[float, float] = (3, 10),
        count: Count = lambda *_: None,
        settings: client.Configuration | None = None,
    ) -> None:
        """`settings` say which server, and who asks: by default the pod's, else kubectl's."""
        settings = settings or _found()
        settings.retries = False
        settings.connection_pool_maxsize = THREADS
        self._client = client.ApiClient(settings)
        self._timeout = timeout
        self._count = count

    def call(
        self,
        method: str,
        path: str,
        body: Manifest | None = None,
        *,
        query: Query = (),
        headers: Mapping[str, str] = _HEADERS,
    ) -> Manifest:
        """Raises ApiError."""
        request = self._client.param_serialize(
            method,
            f"/{path}",
            query_params=list(query),
            header_params={**_HEADERS, **headers},
            body=body,
            auth_settings=["BearerToken"],
        )
        code = 0
        try:
            answer = self._client.call_api(*request, _request_timeout=self._timeout)
            data: bytes = answer.read()  # type: ignore[no-untyped-call]  # likewise
            code = answer.status
        except (client.ApiException, HTTPError, OSError) as error:
            raise ApiError(0, "NoAnswer", str(error)) from error
        finally:
            self._count(method, resource_of(path), code)
        said: Manifest = json.loads(data) if data[:1] == b"{" else {}
        if code >= HTTPStatus.MULTIPLE_CHOICES:
            causes = (said.get("details") or {}).get("causes") or ()
            raise ApiError(code, said.get("reason", ""), said.get("message", str(data)), causes)
        return said


def _found() -> client.Configuration:
    settings = client.Configuration()
    try:
        config.load_incluster_config(settings)  # type: ignore[no-untyped-call]  # the client is untyped
    except config.ConfigException:
        config.load_kube_config(client_configuration=settings)  # type: ignore[no-untyped-call]  # likewise
    return settings


def resource_of(path: str) -> str:
    """The kind of thing at a path, in the plural: `deployments`, `modelpipelines/status`."""
    _, _, below = path.partition("/namespaces/")
    _, _, rest = below.partition("/")
    if not rest:
        return "namespaces" if below else path
    plural, *more = rest.split("/")
    return "/".join([plural, *more[1:]])
