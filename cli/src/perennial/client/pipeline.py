"""Pipeline: a ModelPipeline on a cluster, for a Python program and for the commands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol, Self

from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.trouble import (
    Away,
    ClusterTrouble,
    Conflict,
    Forbidden,
    NotFound,
    Refused,
    TimedOut,
)
from perennial.adapters.wall_clock import Stopwatch, WallClock
from perennial.client import progress, versions
from perennial.client.manifest import read
from perennial.client.versions import Rollback
from perennial.pipeline import ManifestTrouble
from perennial.report.view import UNSEEN
from perennial_operator.api.attempts import HistoryEntry
from perennial_operator.api.names import Manifest
from perennial_operator.api.status import Status

__all__ = [
    "Away",
    "ClusterTrouble",
    "Conflict",
    "Forbidden",
    "ManifestTrouble",
    "NotFound",
    "Pipeline",
    "Refused",
    "TimedOut",
]
LOOK: Final = 1.0  # seconds between two looks
PATIENCE: Final = 60.0  # seconds that the API server may be away while something is awaited


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since some time."""
        ...

    def pause(self, seconds: float) -> None: ...


class Pipeline:
    """One ModelPipeline, by the kubeconfig's current context or a pod's service account.

        pipeline = Pipeline.from_yaml("pipeline.yaml")
        pipeline.apply()
        pipeline.wait("Ready", timeout=600)
        for entry in pipeline.history:
            print(entry.number, entry.outcome, entry.message)

    Every method asks the API server, and raises a kind of ClusterTrouble, whose message is one
    line with a remedy. No method changes anything but the ModelPipeline.
    """

    def __init__(
        self,
        access: Access,
        name: str,
        manifest: Manifest | None = None,
        clock: Clock = Stopwatch(),  # noqa: B008  it holds nothing
    ) -> None:
        """`from_yaml` and `named` make the access; `manifest` is what `apply` sends."""
        self._access = access
        self._manifest = manifest
        self._clock = clock
        self._pinned = ""
        self.name: Final = name

    @classmethod
    def from_yaml(cls, path: Path | str, *, context: str = "", namespace: str = "") -> Self:
        """The only ModelPipeline of a file; `apply` sends it.

        The namespace is the one given, else the file's, else the context's.

        Raises:
            ManifestTrouble: The file holds no ModelPipeline, or several.
            ClusterTrouble: There is no usable kubeconfig.
        """
        manifest = read(Path(path))
        meta = manifest["metadata"]
        access = Access(context, namespace or meta.get("namespace", ""))
        return cls(access, meta["name"], manifest)

    @classmethod
    def named(cls, name: str = "", *, context: str = "", namespace: str = "") -> Self:
        """One that is there: by its name, or the only one of the namespace.

        Raises:
            NotFound: There is none, or which is meant is not clear; the message names them.
        """
        access = Access(context, namespace)
        return cls(access, access.pipeline(name)["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return self._access.namespace

    @property
    def status(self) -> Status:
        """What the operator says of it now."""
        return progress.status_of(self.resource())

    @property
    def history(self) -> list[HistoryEntry]:
        """The last attempts that have ended, the newest last."""
        return self.status.history

    def resource(self) -> Manifest:
        """The whole object as the API server holds it."""
        return self._access.pipeline(self.name)

    def apply(self, *, force: bool = False) -> None:
        """Makes it what the file says: server-side, as the field manager `perennial-client`.

        Raises:
            ManifestTrouble: It was not read from a file.
            Refused: The definition does not allow it; `fields` names what and why.
            Conflict: Somebody else has set fields otherwise; `force` takes them over.
        """
        if self._manifest is None:
            raise ManifestTrouble(f"{self.name} was not read from a file: Pipeline.from_yaml does")
        meta = {**self._manifest["metadata"], "namespace": self.namespace}
        self._access.apply({**self._manifest, "metadata": meta}, force=force)

    def wait(self, condition: str = "Ready", timeout: float = 600.0) -> Status:
        """The status once a condition is True of the newest spec; `timeout` is in seconds.

        Raises:
            TimedOut: It is not by then; the message is the condition's.
            Refused: The operator does not take the spec.
        """
        for resource in self._looks(timeout):
            if progress.is_met(resource, condition):
                return progress.status_of(resource)
            why = progress.why_not(resource, condition)
        raise TimedOut(f"{self.name} is not {condition} after {timeout:g} s: {why}")

    def watch(self) -> Iterator[Status]:
        """The status now and after every change, until nobody asks any more."""
        seen = ""
        for resource in self._looks(float("inf")):
            if (version := resource["metadata"]["resourceVersion"]) != seen:
                seen = version
                yield progress.status_of(resource)

    def retrain(self) -> str:
        """Asks for an attempt, whatever the labels; the request is what `retrained` takes."""
        now = datetime.fromtimestamp(WallClock().now(), UTC)
        request = f"{now:%Y-%m-%dT%H:%M:%S.%fZ}"
        self._access.edit(self.name, {"retrain": {"request": request}})
        return request

    def retrained(self, request: str, timeout: float = 3600.0) -> HistoryEntry:
        """The attempt that a request was answered by, once it has ended; `timeout` is in seconds.

        Raises:
            TimedOut: It has not ended by then.
            ClusterTrouble: Another request took its place.
        """
        number, why = 0, UNSEEN
        for resource in self._looks(timeout):
            number = progress.attempt_for(resource, request) or number
            if entry := progress.ended(resource, request, number):
                return entry
            why = progress.why_not(resource, "Training")
        raise TimedOut(f"no attempt has ended after {timeout:g} s: {why}")

    def rollback(self, version: str = "", *, forgive: bool = False) -> Rollback:
        """Pins a version, by default the one that served before what serves now.

        Attempts go on; what they find better waits as a candidate until `unpin`.

        Raises:
            NotFound: There is no such version, or none before.
            ClusterTrouble: It was taken back as broken, and `forgive` was not set.
        """
        resource = self.resource()
        model = resource["spec"].get("model", {})
        status = progress.status_of(resource)
        chosen = versions.rollback(status, model.get("pin", ""), version, forgive=forgive)
        edit = {"pin": chosen.version}
        if chosen.version in status.bad_versions:
            if model.get("forgive", "") == chosen.version:  # a value takes effect once
                raise ClusterTrouble(
                    f"{chosen.version} has failed again since it was forgiven: clear model.forgive"
                    " first"
                )
            edit["forgive"] = chosen.version
        self._access.edit(self.name, {"model": edit})
        self._pinned = chosen.version
        return chosen

    def unpin(self) -> str:
        """Clears the pin: what was promoted last serves again; which version that is."""
        self._access.edit(self.name, {"model": {"pin": ""}})
        self._pinned = ""
        return self.status.head

    def serving(self, version: str, timeout: float = 600.0) -> Status:
        """The status once all predictor pods answer with a version; `timeout` is in seconds.

        Raises:
            TimedOut: They do not by then.
            ClusterTrouble: They never will: it is missing or broken, or no longer pinned.
        """
        why = UNSEEN
        for resource in self._looks(timeout):
            if progress.serves(resource, version):
                return progress.status_of(resource)
            if version == self._pinned:
                progress.must_be_pinned(resource, version)
            why = progress.why_not(resource, "ModelAvailable")
        raise TimedOut(f"{version} does not serve after {timeout:g} s: {why}")

    def delete(self) -> bool:
        """Deletes it, and Kubernetes its pods; what stands on S3 stays. Whether there was one."""
        return self._access.delete(self.name)

    def _looks(self, timeout: float) -> Iterator[Manifest]:
        """One look at least; an API server that is away for less than a minute ends nothing."""
        end = self._clock.now() + timeout
        answered = self._clock.now()
        while True:
            try:
                found = self.resource()
            except Away:
                if self._clock.now() >= min(answered + PATIENCE, end):
                    raise
            else:
                answered = self._clock.now()
                yield found
                if self._clock.now() >= end:
                    return
            self._clock.pause(LOOK)
