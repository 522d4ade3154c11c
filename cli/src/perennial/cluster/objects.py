"""Objects as an API server keeps them: versions, generations, owners and deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Final

from perennial.cluster.times import stamp
from perennial.ports import Keeper
from perennial_operator.api.merge_patch import merged
from perennial_operator.api.names import PIPELINE_LABEL, Manifest
from perennial_operator.ports import Conflict

Key = tuple[str, str, str]  # kind, namespace, name
GRACE: Final = 30  # seconds that a pod has to end, where it does not say
_OWNERS: Final = frozenset({"ModelPipeline", "Deployment", "StatefulSet", "Job"})
_OURS: Final = ("uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp")


def key_of(manifest: Manifest) -> Key:
    meta = manifest["metadata"]
    return manifest["kind"], meta["namespace"], meta["name"]


def is_leaving(manifest: Manifest) -> bool:
    return "deletionTimestamp" in manifest["metadata"]


def owners_of(manifest: Manifest) -> set[str]:
    """The UIDs of an object's owners."""
    return {owner["uid"] for owner in manifest["metadata"].get("ownerReferences", [])}


class Objects:
    """All objects, each kept before it is seen; what is handed out is a copy."""

    def __init__(
        self,
        keeper: Keeper,
        uid: Callable[[], str],
        changed: Callable[[Manifest], None] = lambda _: None,
    ) -> None:
        """`uid` makes one; `changed` is called after all but the status of a ModelPipeline."""
        self._keeper = keeper
        self._uid = uid
        self._changed = changed
        self._objects = {key_of(each): each for each in keeper.load()}
        versions = (int(e["metadata"]["resourceVersion"]) for e in self._objects.values())
        self._version = max(versions, default=0)

    def get(self, key: Key) -> Manifest | None:
        return deepcopy(self._objects.get(key))

    def of_kind(self, kind: str) -> list[Manifest]:
        """By namespace and name."""
        return [deepcopy(each) for key, each in sorted(self._objects.items()) if key[0] == kind]

    def labeled(self, kind: str, namespace: str, pipeline: str) -> list[Manifest]:
        """Those with a pipeline's label, by name; of ConfigMaps the metadata alone."""
        found = [
            each
            for each in self.of_kind(kind)
            if each["metadata"]["namespace"] == namespace
            and each["metadata"].get("labels", {}).get(PIPELINE_LABEL) == pipeline
        ]
        if kind == "ConfigMap":
            return [{"kind": kind, "metadata": each["metadata"]} for each in found]
        return found

    def apply(self, manifest: Manifest, now: datetime) -> Manifest:
        """The object with all that the manifest says, in the place of what stood there before.

        There is one manager of fields: what an earlier manifest said and this one does not is gone.
        """
        old = self._objects.get(key_of(manifest))
        if old is None:
            self._add(manifest, now)
        else:
            new = _renewed(old, manifest)
            if new != old:
                self._put(new)
        return deepcopy(self._objects[key_of(manifest)])

    def create(self, manifest: Manifest, now: datetime) -> bool:
        """Whether it was made: one that exists already stays as it is."""
        if key_of(manifest) in self._objects:
            return False
        self._add(manifest, now)
        return True

    def delete(self, manifest: Manifest, now: datetime) -> None:
        """That very object: an owner once all that it owns is gone, a pod once it has ended."""
        old = self._objects.get(key_of(manifest))
        if old is None or old["metadata"]["uid"] != manifest["metadata"]["uid"]:
            return
        if old["kind"] not in {*_OWNERS, "Pod"}:
            self.remove(old)
        elif not is_leaving(old):
            wait = old["spec"].get("terminationGracePeriodSeconds", GRACE)
            until = now + timedelta(seconds=wait) if old["kind"] == "Pod" else now
            meta = {**old["metadata"], "deletionTimestamp": stamp(until)}
            self._put({**old, "metadata": meta})

    def remove(self, manifest: Manifest) -> None:
        """At once."""
        self._keeper.remove(manifest)
        del self._objects[key_of(manifest)]
        self._changed(manifest)

    def patch_status(self, resource: Manifest, patch: Manifest) -> None:
        """Raises Conflict when the resource is no longer what was read."""
        old = self._objects.get(key_of(resource))
        version = resource["metadata"]["resourceVersion"]
        if old is None or old["metadata"]["resourceVersion"] != version:
            raise Conflict(f"{resource['kind']} {resource['metadata']['name']} has changed")
        self._put({**old, "status": merged(old.get("status", {}), patch)}, tell=False)

    def set_status(self, key: Key, status: Manifest) -> None:
        old = self._objects[key]
        if old.get("status") != status:
            self._put({**old, "status": status})

    def collect(self, now: datetime) -> None:
        """Deletes what has lost its owner or whose owner leaves; removes owners that are alone."""
        there = {each["metadata"]["uid"]: each for each in self._objects.values()}
        for each in [*self._objects.values()]:
            owners = owners_of(each)
            if owners and all(uid not in there or is_leaving(there[uid]) for uid in owners):
                self.delete(each, now)
        owning = {uid for each in self._objects.values() for uid in owners_of(each)}
        for each in [*self._alone(owning)]:
            self.remove(each)

    def _alone(self, owning: set[str]) -> Iterator[Manifest]:
        for each in self._objects.values():
            owner = each["kind"] in _OWNERS and each["metadata"]["uid"] not in owning
            if owner and is_leaving(each):
                yield each

    def _add(self, manifest: Manifest, now: datetime) -> None:
        generation = {"generation": 1} if "spec" in manifest else {}
        meta = {"uid": self._uid(), "creationTimestamp": stamp(now), **generation}
        self._put({**manifest, "metadata": {**manifest["metadata"], **meta}})

    def _put(self, new: Manifest, *, tell: bool = True) -> None:
        version = str(self._version + 1)
        new = deepcopy({**new, "metadata": {**new["metadata"], "resourceVersion": version}})
        self._keeper.write(new)
        self._version += 1
        self._objects[key_of(new)] = new
        if tell:
            self._changed(new)


def _renewed(old: Manifest, manifest: Manifest) -> Manifest:
    """What a manifest makes of an object; the generation rises with its spec."""
    ours = {name: old["metadata"][name] for name in _OURS if name in old["metadata"]}
    if "generation" in ours and old.get("spec") != manifest.get("spec"):
        ours["generation"] += 1
    status = {"status": old["status"]} if "status" in old else {}
    return {**manifest, "metadata": {**manifest["metadata"], **ours}, **status}
