"""Look at a pipeline from a terminal: on a cluster, or in the folder of a run on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.trouble import NotFound
from perennial.adapters.kubeconfig.verdicts import read_verdict
from perennial.adapters.machine.secret_folders import secrets_in
from perennial.adapters.watched.cluster import KubeconfigPlace
from perennial.adapters.watched.run import RunFolder
from perennial_contract.status import Report, Verdict
from perennial_operator.api.names import Manifest


class Place(Protocol):
    """Where one pipeline is."""

    def resource(self) -> Manifest: ...

    def problem(self) -> str:
        """Why what it holds is not of now; else empty."""
        ...

    def reports(self, resource: Manifest) -> Sequence[Report]:
        """What its pods say of themselves, as far as they can be asked."""
        ...

    def verdict(self, resource: Manifest, number: int, endpoint: str) -> Verdict | None:
        """An attempt's in full; None where there is none. Raises StoreTrouble."""
        ...


@dataclass(frozen=True, slots=True)
class OnCluster:
    access: Access
    pods: KubeconfigPlace
    name: str
    """Empty for the only one of the namespace."""

    def resource(self) -> Manifest:
        return self.access.pipeline(self.name)

    def problem(self) -> str:
        return self.pods.problem()

    def reports(self, resource: Manifest) -> Sequence[Report]:
        return self.pods.reports(resource) or ()

    def verdict(self, resource: Manifest, number: int, endpoint: str) -> Verdict | None:
        return read_verdict(resource, number, self.access.secret, endpoint)


@dataclass(frozen=True, slots=True)
class InFolder:
    """A run's, which may work in it meanwhile."""

    folder: Path
    run: RunFolder
    name: str

    def resource(self) -> Manifest:
        found = {each["metadata"]["name"]: each for each in self.run.pipelines()}
        if self.name in found:
            return dict(found[self.name])
        if len(found) == 1 and not self.name:
            return dict(*found.values())
        which = f"there is no ModelPipeline {self.name}" if self.name else "name a ModelPipeline"
        raise NotFound(f"{which} of {self.folder}: {', '.join(sorted(found)) or 'it holds none'}")

    def problem(self) -> str:
        return self.run.problem()

    def reports(self, resource: Manifest) -> Sequence[Report]:
        return self.run.reports(resource) or ()

    def verdict(self, resource: Manifest, number: int, endpoint: str) -> Verdict | None:
        return read_verdict(resource, number, secrets_in(self.folder / "secrets"), endpoint)


def place(name: str, folder: Path | None, context: str, namespace: str) -> Place:
    """Raises ClusterTrouble or Unseen: no usable kubeconfig, or no folder of a run."""
    if folder:
        return InFolder(folder, RunFolder(folder), name)
    access = Access(context, namespace)
    return OnCluster(access, KubeconfigPlace(access), name)
