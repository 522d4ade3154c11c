"""Owner of a prefix: owner.json, written once by whichever program comes first.

An owner is a cluster, a namespace and a name: a resource that is deleted and created again is
the same owner, and goes on with what stands there.
"""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError

from perennial_contract.settings import Settings
from perennial_contract.status import Document

OWNER: Final = "owner.json"


class StorageTaken(Exception):  # noqa: N818  named as the reason
    """The prefix holds another pipeline's objects."""


class Owner(Document):
    cluster: str
    """UID of its namespace kube-system; empty where the operator did not give it."""
    namespace: str
    name: str
    uid: str
    """UID of the resource that came first; it plays no part in the comparison."""

    def __str__(self) -> str:
        cluster = f" of cluster {self.cluster}" if self.cluster else ""
        return f"{self.namespace}/{self.name}{cluster}"

    def to_json(self) -> bytes:
        return self.model_dump_json().encode()


def owner_of(settings: Settings) -> Owner:
    return Owner(
        cluster=settings.cluster,
        namespace=settings.namespace,
        name=settings.name,
        uid=settings.uid,
    )


def check_owner(standing: bytes, settings: Settings) -> None:
    """Compare the owner.json that stands in a prefix with this pipeline.

    Raises:
        StorageTaken: It names another pipeline, or cannot be read.
    """
    ours = str(owner_of(settings))
    try:
        theirs = str(Owner.model_validate_json(standing))
    except ValidationError:
        theirs = "nobody that can be read"
    if theirs != ours:
        raise StorageTaken(
            f"{OWNER} below {settings.storage.bucket}/{settings.prefix} belongs to {theirs},"
            f" not to {ours}: choose another storage.prefix, remove what is there, or remove"
            f" {OWNER} alone to go on with what is there"
        )
