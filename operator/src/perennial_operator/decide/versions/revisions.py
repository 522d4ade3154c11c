"""Revisions of the spec: each valid one is stored as a ControllerRevision before it is acted on.

The number of replicas is left out: autoscalers change it all the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from perennial_operator.api.digests import digest_of
from perennial_operator.api.errors import explain
from perennial_operator.api.names import Manifest
from perennial_operator.api.pipeline import Pipeline, RolloutSource
from perennial_operator.api.spec import Spec
from perennial_operator.api.status import Status
from perennial_operator.manifests.pod import metadata
from perennial_operator.observe.pods import is_leaving, is_ours

KIND: Final = "ControllerRevision"
COMPONENT: Final = "revision"
KEPT: Final = 10


class NoValidSpec(ValueError):  # noqa: N818  names a state
    """The spec cannot be read, and none before it is known; the message says why."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The spec to act on."""

    name: str
    """Of the ControllerRevision that holds it."""
    data: Manifest
    spec: Spec
    invalid: str = ""
    """Why the newest spec is not this one."""


def owned(listed: Iterable[Manifest], uid: str) -> list[Manifest]:
    """Those of one ModelPipeline that are to stay, the newest last."""
    ours = (each for each in listed if is_ours(each, uid) and not is_leaving(each))
    return sorted(ours, key=lambda each: (each["revision"], each["metadata"]["name"]))


def accept(resource: Manifest, revisions: Sequence[Manifest], image: str) -> Accepted:
    """The newest spec when it is valid, else the last one that was; `image` is the predictor's.

    Raises:
        NoValidSpec: There is none.
    """
    written: Manifest = resource["spec"]
    try:
        return _accepted(resource, written, written, image)
    except ValidationError as error:
        invalid = explain(error)
    for each in reversed(revisions):
        try:
            return _accepted(resource, each["data"]["spec"], written, image, invalid)
        except (ValidationError, KeyError, TypeError, AttributeError):
            continue  # a spec of another version of the operator
    raise NoValidSpec(invalid)


def _accepted(
    resource: Manifest, spec: Manifest, written: Manifest, image: str, invalid: str = ""
) -> Accepted:
    """`written` is the resource's spec now: only its replicas count, which autoscalers set."""
    data = {"spec": _sized(spec, None), "predictorImage": image}
    meta = resource["metadata"]
    replicas = written.get("predictor", {}).get("replicas")
    return Accepted(
        name=f"{meta['name']}-{digest_of([meta['uid'], data])}",
        data=data,
        spec=Spec.read(_sized(spec, replicas)),
        invalid=invalid,
    )


def _sized(spec: Manifest, replicas: Any) -> Manifest:
    """The spec with that many predictors, or with their number left out."""
    rest = {k: v for k, v in spec.get("predictor", {}).items() if k != "replicas"}
    given = rest if replicas is None else {**rest, "replicas": replicas}
    return {**spec, "predictor": given}


def find(revisions: Iterable[Manifest], name: str) -> RolloutSource | None:
    """What stands in the revision of that name; None where it is gone or cannot be read."""
    for each in revisions:
        if each["metadata"]["name"] == name:
            try:
                data = each["data"]
                spec = Spec.read(data["spec"])
                return RolloutSource(revision=name, image=data["predictorImage"], spec=spec)
            except (ValidationError, KeyError, TypeError, AttributeError):
                return None
    return None


def missing(
    pipeline: Pipeline, accepted: Accepted, revisions: Sequence[Manifest]
) -> Manifest | None:
    """The revision to write, unless the newest is it; one that comes again gets a new number."""
    newest = revisions[-1] if revisions else None
    if newest and newest["metadata"]["name"] == accepted.name:
        return None
    return {
        "apiVersion": "apps/v1",
        "kind": KIND,
        "metadata": metadata(pipeline, COMPONENT, accepted.name),
        "data": accepted.data,
        "revision": newest["revision"] + 1 if newest else 1,
    }


def outdated(revisions: Sequence[Manifest], status: Status, current: str) -> list[Manifest]:
    """All but the last ten and those that are still in use; `current` is about to be newest."""
    attempt = status.running()
    used = {status.model.revision if status.model else "", attempt.revision if attempt else ""}
    others = [each for each in revisions if each["metadata"]["name"] != current]
    return [each for each in others[: 1 - KEPT] if each["metadata"]["name"] not in used]
