"""Handlers of kopf: each event only wakes a loop; kopf adds no finalizer and patches nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import kopf

from perennial_operator.api.digests import digest_of
from perennial_operator.api.names import GROUP, PIPELINE_LABEL, PLURAL, VERSION
from perennial_operator.loops import Loops

CHILDREN: Final = (
    ("apps", "v1", "deployments"),
    ("apps", "v1", "statefulsets"),
    ("batch", "v1", "jobs"),
    ("", "v1", "pods"),
)

# What of a resource's metadata changes with all but its status, which we write ourselves.
_STATE: Final = ("uid", "generation", "labels", "annotations", "deletionTimestamp")

# Between requests that get no answer, in seconds; kopf's own grow to 21 and then end the process.
BACKOFFS: Final = (1.0, 1.0, *[3.0] * 1200)


def state_of(event: Mapping[str, Any]) -> str:
    """Changes with whatever an event tells of a resource, but for its status."""
    meta = event["object"]["metadata"]
    return digest_of([event["type"] == "DELETED", *(meta.get(each) for each in _STATE)])


def registry(loops: Loops, ending: Callable[[], object]) -> kopf.OperatorRegistry:
    """The handlers, in a registry of their own; `ending` is told first that the process ends."""
    handlers = kopf.OperatorRegistry()

    @kopf.on.login(registry=handlers, id="login")
    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_via_client(**kwargs)

    @kopf.on.startup(registry=handlers, id="configure")
    def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.peering.standalone = True  # the lease is ours
        settings.posting.enabled = False  # so are the Events
        settings.scanning.disabled = True
        settings.watching.connect_timeout = 5
        settings.watching.server_timeout = 300
        settings.watching.client_timeout = 310
        settings.networking.request_timeout = 30
        settings.networking.connect_timeout = 5
        settings.networking.error_backoffs = BACKOFFS
        for child_kind in CHILDREN:
            settings.watching.label_selectors[child_kind] = PIPELINE_LABEL

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=handlers, id="resource")
    async def resource(namespace: str | None, name: str, event: Any, **_: Any) -> None:
        loops.wake(namespace or "", name, start=True, state=state_of(event))

    async def child(namespace: str | None, labels: Mapping[str, str], **_: Any) -> None:
        loops.wake(namespace or "", labels[PIPELINE_LABEL])

    for group, version, plural in CHILDREN:
        present = {PIPELINE_LABEL: kopf.PRESENT}
        kopf.on.event(group, version, plural, registry=handlers, id=plural, labels=present)(child)

    @kopf.on.cleanup(registry=handlers, id="cancel")
    async def cancel(**_: Any) -> None:
        ending()
        await loops.cancel()

    return handlers
