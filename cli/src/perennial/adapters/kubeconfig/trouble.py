"""ClusterTrouble: the API server does not do what was asked, each kind of it with a remedy."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from perennial_operator.adapters.api import ApiError
from perennial_operator.api.names import GROUP

_TOO_MANY: Final = HTTPStatus.TOO_MANY_REQUESTS
_REACH: Final = "does the cluster run, and is this the right --context?"
_UNKNOWN: Final = "log in again, or choose another --context"
_NO_RIGHT: Final = "a Role with that right must be bound to you"
_NO_DEFINITION: Final = (
    f"the cluster knows no ModelPipeline ({GROUP}): install the operator's chart,"
    " helm upgrade --install perennial helm/perennial --namespace perennial-system"
    " --create-namespace"
)


class ClusterTrouble(Exception):  # noqa: N818  what it is
    """The API server does not do what was asked; the message says what, and how to go on."""


class Away(ClusterTrouble):
    """It does not answer, or not now: the same request may be answered later."""


class NotFound(ClusterTrouble):
    """There is no such object; the message says which there are."""


class Forbidden(ClusterTrouble):
    """Who asks is unknown to it, or may not do this."""


def trouble_of(error: ApiError, server: str) -> ClusterTrouble:
    """What an answer of a server means to who asked."""
    said = str(error).partition(": ")[2]
    match error.status:
        case 0:
            return Away(f"cannot reach the API server {server}: {said}; {_REACH}")
        case HTTPStatus.UNAUTHORIZED:
            return Forbidden(f"{server} does not know who asks: {_UNKNOWN}")
        case HTTPStatus.FORBIDDEN:
            return Forbidden(f"{said}: {_NO_RIGHT}")
        case HTTPStatus.NOT_FOUND:
            return NotFound(said) if error.reason else ClusterTrouble(_NO_DEFINITION)
        case _:
            later = error.status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.status == _TOO_MANY
    return Away(f"{server}: {error}; try again") if later else ClusterTrouble(f"{server}: {error}")
