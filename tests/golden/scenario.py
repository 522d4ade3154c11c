"""Scenario of a ModelPipeline on fakes: what a test changes, and what each pass then writes."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from perennial_contract.status import BundleState, PredictorReport, RecorderReport, Verdict
from perennial_operator.api.names import KIND
from perennial_operator.observe.cache import PipelineCache
from perennial_operator.reconcile import Reconciler
from tests.fakes.cluster import FakeCluster, FakeReports
from tests.support.operator.builders import IMAGES, NOW, UID, a_resource, a_spec
from tests.support.operator.harness import Clock, a_raw_pod, hear, running

Json = dict[str, Any]
SPACE, NAME = "team", "income"


@dataclass
class Scenario:
    """A minute passes from pass to pass."""

    cluster: FakeCluster
    reports: FakeReports = field(default_factory=FakeReports)
    cache: PipelineCache = field(default_factory=PipelineCache)
    entries: list[Json] = field(default_factory=list)
    minutes: int = 0
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        where = "uid-of-kube-system"
        self.reconciler = Reconciler(self.cluster, self.reports, IMAGES, where, clock=self.clock)

    async def passes(self, scene: str, count: int = 3) -> None:
        shown: Json = {}
        for _ in range(count):
            told, wrote = len(self.cluster.events), len(self.cluster.writes)
            now = NOW + timedelta(minutes=self.minutes)
            self.clock.now = 60.0 * self.minutes
            await hear(self.reconciler, self.cache)
            again = await self.reconciler.reconcile(SPACE, NAME, self.cache, now)
            self.minutes += 1
            status = self.resource.get("status", {})
            self.entries.append(
                {
                    "scene": scene,
                    "again": str(again),
                    "writes": self.cluster.writes[wrote:],
                    "events": [asdict(each) for each in self.cluster.events[told:]],
                    "status": "the same" if status == shown else deepcopy(status),
                }
            )
            shown = deepcopy(status)

    @property
    def resource(self) -> Json:
        return self.cluster.objects[KIND, SPACE, NAME]

    def children(self) -> list[Json]:
        kept = {KIND, "Pod", "ReplicaSet"}
        return [
            each for (kind, *_), each in sorted(self.cluster.objects.items()) if kind not in kept
        ]

    def edit(self, **sections: Any) -> None:
        """As a user's kubectl."""
        self.resource["spec"] = a_spec(**sections)
        self.resource["metadata"]["generation"] += 1

    def record(self, **said: Any) -> None:
        """The recorder runs, and has written so much."""
        pod = a_raw_pod("income-recorder-0", "recorder", **running("recorder"))
        self._put(pod)
        report = RecorderReport(uid=UID, pod="income-recorder-0", ready=True, **said)
        self.reports.said["income-recorder-0"] = report

    def train(self, number: int, outcome: str, code: int = 0, **said: Any) -> str:
        """The trainer ends; the version that it has published, if any."""
        version = f"v{number}-{str(number) * 8}" if outcome == "Promoted" else ""
        fields = {"uid": UID, "number": number, "outcome": outcome, "version": version, **said}
        fields |= {"digest": str(number) * 64} if version else {}
        self.end(number, Verdict.model_validate(fields).to_termination(), code)
        return version

    def end(self, number: int, message: str, code: int) -> None:
        """The trainer ends with this termination message."""
        job = self.cluster.objects["Job", SPACE, f"income-train-{number}"]
        state = {"name": "trainer", "state": {"terminated": {"exitCode": code, "message": message}}}
        phase = "Failed" if code else "Succeeded"
        status = {"phase": phase, "containerStatuses": [state]}
        name = f"income-train-{number}-x"
        self._put(a_raw_pod(name, "trainer", job["metadata"]["uid"], **status))

    def serve(self, name: str = "a", bundle: BundleState = BundleState.VERIFIED) -> None:
        """A predictor of what is applied, in place of the one that has its name."""
        child = self.cluster.objects["Deployment", SPACE, "income-predictor"]
        annotations = child["spec"]["template"]["metadata"]["annotations"]
        well = bundle is BundleState.VERIFIED
        pod = a_raw_pod(f"income-predictor-{name}", "predictor", **running("predictor"))
        pod["metadata"]["annotations"] = dict(annotations)
        pod["status"]["conditions"][0]["status"] = str(well)
        self._put(pod)
        version = annotations["perennial.dev/model"]
        self.reports.said[f"income-predictor-{name}"] = PredictorReport(
            uid=UID,
            pod=f"income-predictor-{name}",
            ready=well,
            version=version,
            digest=version[1] * 64 if well else "",
            bundle=bundle,
        )
        counts = {"replicas": 1 + (not well), "updatedReplicas": 1, "availableReplicas": 1}
        child["status"] = {"observedGeneration": 1, **counts}

    def leave(self, name: str) -> None:
        del self.cluster.objects["Pod", SPACE, name]

    def _put(self, pod: Json) -> None:
        self.cluster.objects["Pod", SPACE, pod["metadata"]["name"]] = pod


def a_scenario(**sections: Any) -> Scenario:
    return Scenario(FakeCluster(a_resource(**sections)))


async def a_serving_pipeline(**sections: Any) -> Scenario:
    """The first version serves, and no entry tells of that."""
    scenario = a_scenario(**sections)
    await scenario.passes("")
    scenario.record(written={"topic": {"0": 0, "1": 0}})
    await scenario.passes("")
    scenario.train(1, "Promoted", reason="FirstModel", message="search", score=0.296)
    await scenario.passes("")
    scenario.serve()
    await scenario.passes("")
    scenario.entries.clear()
    return scenario
