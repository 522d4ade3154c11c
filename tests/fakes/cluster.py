"""The API server that the operator's passes see: objects in a dictionary, writes in a list."""

from copy import deepcopy
from typing import Any

from perennial_operator.api.kubernetes_events import Event
from perennial_operator.api.merge_patch import merged
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import Answer
from perennial_operator.ports import Conflict, Refused

Json = dict[str, Any]


def owned(applied: Json, live: Json) -> Json:
    """Of what was applied the fields that nobody has changed, as `fieldsV1` names them."""
    return {
        f"f:{key}": owned(value, live[key]) if isinstance(value, dict) else {}
        for key, value in applied.items()
        if key in live
        and (isinstance(live[key], dict) if isinstance(value, dict) else live[key] == value)
    }


def a_replicaset(name: str, deployment: Json) -> Json:
    """As the Deployment's controller makes it."""
    meta = deployment["metadata"]
    return {
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": meta["namespace"],
            "uid": f"uid of {name}",
            "labels": meta["labels"],
            "ownerReferences": [{"uid": meta["uid"], "controller": True}],
        },
    }


class FakeCluster:
    """What is written is there; nothing else works on it, but that a Deployment has a ReplicaSet.

    `calls` holds every request, those that change nothing too.
    The server is away at the write `fail_at`; `refuses` holds why it takes no child of a kind.
    """

    def __init__(self, *objects: Json, fail_at: int = 0) -> None:
        self.objects = {self._key(each): deepcopy(each) for each in objects}
        self.events: list[Event] = []
        self.about: dict[str, list[tuple[str, str]]] = {}
        self.writes: list[str] = []
        self.calls: list[str] = []
        self.refuses: dict[str, str] = {}
        self._applied: dict[tuple[str, str, str], Json] = {}
        self._fail_at = fail_at

    async def get(self, kind: str, namespace: str, name: str) -> Json | None:
        self.calls.append(f"get {kind}")
        found = self.objects.get((kind, namespace, name))
        return self._shown(found) if found else None

    async def labeled(self, kind: str, namespace: str, pipeline: str) -> list[Json]:
        self.calls.append(f"list {kind}")
        return [
            deepcopy(each)
            for (of, where, _), each in sorted(self.objects.items())
            if of == kind
            and where == namespace
            and each["metadata"]["labels"]["perennial.dev/pipeline"] == pipeline
        ]

    async def warnings(self, about: Json) -> list[tuple[str, str]]:
        self.calls.append("list Event")
        return self.about.get(about["metadata"]["uid"], [])

    async def apply(self, manifest: Json) -> Json:
        self.calls.append(f"apply {manifest['kind']}")
        key = self._key(manifest)
        old = self.objects.get(key, {"metadata": {"uid": f"uid of {key[2]}", "generation": 1}})
        new = {**old, **manifest, "metadata": {**old["metadata"], **manifest["metadata"]}}
        if new != old:
            self._write("apply", manifest)
            self.objects[key] = deepcopy(new)
        if manifest["kind"] == "Deployment":
            made = a_replicaset(f"{key[2]}-1", self.objects[key])
            self.objects[self._key(made)] = made
        self._applied[key] = deepcopy(manifest)
        return self._shown(self.objects[key])

    async def create(self, manifest: Json) -> bool:
        self.calls.append(f"create {manifest['kind']}")
        key = self._key(manifest)
        if key in self.objects:
            return False
        self._write("create", manifest)
        self.objects[key] = deepcopy(manifest)
        self.objects[key]["metadata"]["uid"] = f"uid of {key[2]} {len(self.writes)}"
        return True

    async def delete(self, manifest: Json) -> None:
        self.calls.append(f"delete {manifest['kind']}")
        key = self._key(manifest)
        current = self.objects.get(key)
        if current and current["metadata"]["uid"] == manifest["metadata"]["uid"]:
            self._write("delete", manifest)
            del self.objects[key]

    async def patch_status(self, resource: Json, patch: Json) -> None:
        self.calls.append("patch status")
        current = self.objects[self._key(resource)]
        version = current["metadata"]["resourceVersion"]
        if version != resource["metadata"]["resourceVersion"]:
            raise Conflict(version)
        self._write("status", resource)
        current["status"] = merged(current.get("status", {}), patch)
        current["metadata"]["resourceVersion"] = str(int(version) + 1)

    async def publish(self, resource: Json, event: Event) -> None:
        assert resource["metadata"]["uid"]
        self.events.append(event)

    def _shown(self, live: Json) -> Json:
        """With whose its fields are."""
        shown = deepcopy(live)
        if applied := self._applied.get(self._key(live)):
            fields = {"fieldsV1": owned(applied, live)}
            entry = {"manager": "perennial", "operation": "Apply", **fields}
            shown["metadata"]["managedFields"] = [entry]
        return shown

    def _write(self, what: str, manifest: Json) -> None:
        if what != "status" and manifest["kind"] in self.refuses:
            raise Refused(self.refuses[manifest["kind"]])
        if len(self.writes) + 1 == self._fail_at:
            self._fail_at = 0
            raise OSError("the API server went away")
        self.writes.append(f"{what} {manifest['kind']} {manifest['metadata']['name']}")

    @staticmethod
    def _key(manifest: Json) -> tuple[str, str, str]:
        meta = manifest["metadata"]
        return manifest["kind"], meta["namespace"], meta["name"]


class FakeReports:
    """What each pod says, by its name."""

    def __init__(self, **said: Answer) -> None:
        self.said = dict(said)
        self.asked: list[str] = []

    async def ask(self, pod: Pod, uid: str) -> Answer:
        assert uid
        self.asked.append(pod.name)
        return self.said.get(pod.name)
