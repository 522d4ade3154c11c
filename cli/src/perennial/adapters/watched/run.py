"""Folder of a run as another process looks at it: it reads, and takes no lock."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from perennial.adapters.brokers.connection import Connection
from perennial.adapters.kafka import KafkaTrouble
from perennial.adapters.kubeconfig.verdicts import read_verdict
from perennial.adapters.machine.identity import started_at
from perennial.adapters.machine.pod_folder import folder_name
from perennial.adapters.machine.secret_folders import secrets_in
from perennial.adapters.store import StoreTrouble
from perennial.adapters.watched.pods import report_at
from perennial.adapters.watched.tail import KafkaTail
from perennial.page.data import Page
from perennial.page.html import data_of
from perennial.watching.ports import Resource, Unseen
from perennial_contract.status import Report, Verdict
from perennial_operator.api.names import KIND, PIPELINE_LABEL
from perennial_operator.api.spec import Spec

OBJECTS: Final = "objects"
ENDED: Final = "The run in {folder} is not at work: you see what it left behind."
_ENDING: Final = 60.0  # seconds that a run has left to end, once it has written its report
_SHOWN: Final = 5
_ANSWER: Final = 2.0  # seconds
_LARGEST: Final = 64 * 1024 * 1024  # bytes of a report that is read


class RunFolder:
    """Implements watching.ports.Place; each object's file is there as a whole, or not at all."""

    every = 1.0

    def __init__(self, folder: Path) -> None:
        """Raises Unseen: no run has worked in the folder."""
        self._folder = folder
        self._secret = secrets_in(folder / "secrets")
        self._report: tuple[tuple[int, int], Page | None] = ((0, 0), None)
        if not (folder / OBJECTS).is_dir():
            raise Unseen(f"{folder} is no folder of a run{runs_in(folder)}")

    def pipelines(self) -> Sequence[Resource]:
        found = [_read(file) for file in sorted((self._folder / OBJECTS).glob(f"{KIND}.*.json"))]
        return [resource for resource in found if resource]

    def pipeline(self, namespace: str, name: str) -> Resource | None:
        return _read(self._file(namespace, name))

    def problem(self) -> str:
        return "" if self._works() else ENDED.format(folder=self._folder)

    def reports(self, resource: Resource) -> Sequence[Report] | None:
        pods = (_read(file) for file in (self._folder / OBJECTS).glob("Pod.*.json"))
        ours = [pod for pod in pods if pod and _is_of(pod, resource)]
        found = [self._ask(pod, resource["metadata"]["uid"]) for pod in ours]
        return [report for report in found if report] or None

    def verdict(self, resource: Resource, number: int) -> Verdict | None:
        try:
            return read_verdict(dict(resource), number, self._secret)
        except (StoreTrouble, ValueError) as error:
            raise Unseen(f"{error}.") from error

    def tail(self, spec: Spec, newest: Mapping[str, int]) -> KafkaTail:
        try:
            return KafkaTail(Connection(spec.kafka, self._secret), newest)
        except KafkaTrouble as trouble:
            raise Unseen(f"{trouble}.") from trouble

    def left(self, namespace: str, name: str) -> Page | None:
        """Once the run has ended, and if that was its last word."""
        report, resource = self._folder / "report.html", self._file(namespace, name)
        try:
            state = report.stat()
            if state.st_mtime + _ENDING < resource.stat().st_mtime or state.st_size > _LARGEST:
                return None
            if self._works():
                return None
            version = (state.st_mtime_ns, state.st_size)
            if self._report[0] != version:
                self._report = (version, data_of(report.read_bytes()))
        except OSError:
            return None
        page = self._report[1]
        return page if page and (page.namespace, page.name) == (namespace, name) else None

    def _file(self, namespace: str, name: str) -> Path:
        return self._folder / OBJECTS / f"{KIND}.{namespace}.{name}.json"

    def _works(self) -> bool:
        """Whether a process of a pod runs that the run has started."""
        found = (_read(file) for file in (self._folder / "pods").glob("*/process.json"))
        return any(each and started_at(int(each["pid"])) == each["started"] != "" for each in found)

    def _ask(self, pod: Mapping[str, Any], uid: str) -> Report | None:
        process = _read(self._folder / "pods" / folder_name(dict(pod)) / "process.json")
        port = process.get("port") if process else None
        return report_at(int(port), dict(pod), uid) if port else None


def runs_in(folder: Path) -> str:
    """Which of its folders are, as `perennial run` makes one for each pipeline."""
    runs = [str(found.parent) for found in sorted(folder.glob(f"*/{OBJECTS}"))[:_SHOWN]]
    return f": name {' or '.join(runs)}" if runs else ""


def own_kafka_has_ended(folder: Path, bootstrap: str) -> bool:
    """Whether the pipeline's Kafka was the run's own, which nobody but a run starts again."""
    try:
        if (folder / "kafka" / "address").read_text().strip() != bootstrap:
            return False
    except OSError:
        return False
    host, _, port = bootstrap.rpartition(":")
    try:
        socket.create_connection((host, int(port)), _ANSWER).close()
    except OSError:
        return True
    return False


def _is_of(pod: Mapping[str, Any], resource: Resource) -> bool:
    metadata = pod["metadata"]
    return bool(
        metadata.get("labels", {}).get(PIPELINE_LABEL) == resource["metadata"]["name"]
        and metadata["namespace"] == resource["metadata"].get("namespace", "")
    )


def _read(file: Path) -> dict[str, Any] | None:
    """None for a file that has gone meanwhile, or is no whole one yet."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
