"""ClusterTrouble: the API server does not do what was asked, each kind of it with a remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from perennial_operator.adapters.api import ApiError
from perennial_operator.api.names import GROUP, Manifest

_UNDECLARED: Final = re.compile(r"\.(\S+): (field not declared in schema)")
_MANAGER: Final = re.compile(r'conflict with "([^"]+)"')
_TOO_MANY: Final = HTTPStatus.TOO_MANY_REQUESTS
_REACH: Final = "does the cluster run, and is this the right --context?"
_UNKNOWN: Final = "log in again, or choose another --context"
_NOBODY: Final = 'User "system:anonymous"'
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


class TimedOut(ClusterTrouble, TimeoutError):  # noqa: N818  as above
    """What was waited for has not come; the message says what is there instead."""


class Refused(ClusterTrouble):
    """The ModelPipeline cannot be as it was asked to be."""

    def __init__(self, said: str, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in fields.items()) or said)
        self.fields: Final = dict(fields)
        """Why, by the field's path; empty where the API server names none."""


class Conflict(ClusterTrouble):
    """Others have set fields otherwise, which only force takes over."""

    def __init__(self, said: str, fields: Mapping[str, str]) -> None:
        names = ", ".join(f"{name} is set by {who}" for name, who in fields.items())
        super().__init__(f"{names or said}: leave it out, or apply with force")
        self.fields: Final = dict(fields)
        """Who has set it, by the field's path."""


class Forbidden(ClusterTrouble):
    """Who asks is unknown to it, or may not do this."""


def trouble_of(error: ApiError, server: str) -> ClusterTrouble:
    """What an answer of a server means to who asked."""
    said = " ".join(str(error).partition(": ")[2].split())
    undeclared = dict(_UNDECLARED.findall(said))  # fields, with status 500
    found: ClusterTrouble
    match error.status:
        case 0:
            found = Away(f"cannot reach the API server {server}: {said}; {_REACH}")
        case HTTPStatus.UNAUTHORIZED:
            found = Forbidden(f"{server} does not know who asks: {_UNKNOWN}")
        case HTTPStatus.FORBIDDEN if _NOBODY in said:  # as when a kubeconfig's plugin fails
            found = Forbidden(f"{server} does not know who asks: {_UNKNOWN}")
        case HTTPStatus.FORBIDDEN:
            found = Forbidden(f"{said}: {_NO_RIGHT}" if " cannot " in said else said)
        case HTTPStatus.NOT_FOUND:
            found = NotFound(said) if error.reason else ClusterTrouble(_NO_DEFINITION)
        case HTTPStatus.CONFLICT if error.causes:
            found = Conflict(said, _managers(error.causes))
        case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY:
            found = Refused(said, undeclared or _reasons(error.causes))
        case _:
            found = Refused(said, undeclared) if undeclared else _other(error, server)
    return found


def _other(error: ApiError, server: str) -> ClusterTrouble:
    later = error.status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.status == _TOO_MANY
    return Away(f"{server}: {error}; try again") if later else ClusterTrouble(f"{server}: {error}")


def _reasons(causes: Sequence[Manifest]) -> dict[str, str]:
    """By field; rules that were left out because of the others name none."""
    named = {cause.get("field", "").removeprefix("."): cause for cause in causes}
    return {
        field: " ".join(str(cause.get("message", "")).split())
        for field, cause in named.items()
        if field not in {"", "<nil>"}
    }


def _managers(causes: Sequence[Manifest]) -> dict[str, str]:
    found = {field: _MANAGER.search(why) for field, why in _reasons(causes).items()}
    return {field: match[1] if match else "another" for field, match in found.items()}
