"""Reports of a pipeline's pods, asked through the API server: no port of theirs is reached."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.trouble import ClusterTrouble
from perennial_contract.status import Report
from perennial_operator.adapters.kubernetes import path_of
from perennial_operator.api.names import COMPONENT_LABEL, PIPELINE_LABEL, Manifest
from perennial_operator.observe.pods import Pod
from perennial_operator.observe.reports import read_report

_AT_ONCE: Final = 16
_PORT: Final = 8080


def reports(access: Access, resource: Manifest) -> list[Report]:
    """What the pods of a ModelPipeline say of themselves.

    A pod that cannot be asked is left out; it takes the right to `pods/proxy`. Raises
    ClusterTrouble where pods cannot be listed.
    """
    meta = resource["metadata"]
    query = [("labelSelector", f"{PIPELINE_LABEL}={meta['name']}")]
    pods = access.call("GET", path_of("Pod", meta["namespace"]), query=query).get("items", [])
    running = [pod for pod in pods if pod.get("status", {}).get("phase") == "Running"]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        answers = threads.map(lambda pod: _ask(access, pod, meta["uid"]), running)
    return [answer for answer in answers if isinstance(answer, Report)]


def _ask(access: Access, pod: Manifest, uid: str) -> object:
    meta = pod["metadata"]
    path = f"{path_of('Pod', meta['namespace'], meta['name'])}:{_PORT}/proxy/status"
    try:
        said = access.call("GET", path)
    except ClusterTrouble:
        return None
    asked = Pod(meta["name"], meta["uid"], meta.get("labels", {}).get(COMPONENT_LABEL, ""))
    return read_report(json.dumps(said).encode(), asked, uid)
