"""Look at a pipeline from a terminal: on a cluster, or in the folder of a run on this machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.pods import reports
from perennial.adapters.kubeconfig.trouble import ClusterTrouble, NotFound
from perennial.adapters.kubeconfig.verdicts import read_verdict
from perennial.adapters.machine.object_files import objects_in
from perennial.adapters.machine.secret_folders import secrets_in
from perennial.page.pipeline import Measured
from perennial_contract.status import PredictorReport, RecorderReport, Report, Verdict
from perennial_operator.api.names import KIND, Manifest


class Place(Protocol):
    """Where one pipeline is."""

    def resource(self) -> Manifest: ...

    def measured(self, resource: Manifest) -> Measured:
        """What its pods say of themselves, as far as they can be asked."""
        ...

    def verdict(self, resource: Manifest, number: int, endpoint: str) -> Verdict | None:
        """An attempt's in full; None where there is none. Raises StoreTrouble."""
        ...


@dataclass(frozen=True, slots=True)
class OnCluster:
    access: Access
    name: str
    """Empty for the only one of the namespace."""

    def resource(self) -> Manifest:
        return self.access.pipeline(self.name)

    def measured(self, resource: Manifest) -> Measured:
        try:
            return measured(reports(self.access, resource))
        except ClusterTrouble:  # the resource is readable, pods need not be
            return Measured()

    def verdict(self, resource: Manifest, number: int, endpoint: str) -> Verdict | None:
        return read_verdict(resource, number, self.access.secret, endpoint)


@dataclass(frozen=True, slots=True)
class InFolder:
    """A run's; it may work in it meanwhile."""

    folder: Path
    name: str

    def resource(self) -> Manifest:
        objects = self.folder / "objects"
        if not objects.is_dir():
            raise NotFound(f"{self.folder} is no folder of a run: it holds no objects")
        found = objects_in(objects, KIND)
        names = [each["metadata"]["name"] for each in found]
        meant = [each for each in found if self.name in {"", each["metadata"]["name"]}]
        if len(meant) == 1:
            return meant[0]
        which = f"ModelPipeline {self.name}" if self.name else "only ModelPipeline"
        raise NotFound(f"there is no {which} in {self.folder}: {', '.join(names) or 'none at all'}")

    def measured(self, resource: Manifest) -> Measured:  # noqa: ARG002  its pods' ports are the run's own
        return Measured()

    def verdict(self, resource: Manifest, number: int, endpoint: str) -> Verdict | None:
        return read_verdict(resource, number, secrets_in(self.folder / "secrets"), endpoint)


def place(name: str, folder: Path | None, context: str, namespace: str) -> Place:
    return InFolder(folder, name) if folder else OnCluster(Access(context, namespace), name)


def measured(told: Sequence[Report]) -> Measured:
    """Sums since the pods' start; None of what no pod could be asked for."""
    recorders = [each for each in told if isinstance(each, RecorderReport)]
    predictors = [each for each in told if isinstance(each, PredictorReport)]
    lag, dead = Counter[str](), Counter[str]()
    for recorder in recorders:
        lag.update(recorder.lag)
    for predictor in predictors:
        dead.update(predictor.dead_letters)
    return Measured(
        lag=dict(lag) if recorders else None, dead_letters=dict(dead) if predictors else None
    )
