import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from perennial.adapters.machine.identity import started_at
from perennial.adapters.watched.run import RunFolder
from perennial.page.html import render
from perennial.watching.ports import Unseen
from perennial_contract.runtime.folder import FolderStore
from perennial_contract.runtime.http.routes import serve
from perennial_contract.status import RecorderReport, Report
from tests.support.perennial.pages import FIRST, V1, VERDICTS, a_status, at, resource, steady

REPORT = RecorderReport(uid="uid", pod="loans-recorder-0", ready=True, lag={"loans-events": 3})


def kept(folder: Path, kind: str, found: dict[str, Any]) -> Path:
    meta = found["metadata"]
    file = folder / "objects" / f"{kind}.{meta['namespace']}.{meta['name']}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found))
    return file


def a_run(folder: Path) -> dict[str, Any]:
    loans = resource(a_status(V1, 34, [FIRST]))
    loans["metadata"]["uid"] = "uid"
    loans["spec"] = {
        **loans["spec"],
        "storage": {"endpoint": (folder / "store").as_uri(), "bucket": "perennial"},
    }
    kept(folder, "ModelPipeline", loans)
    return loans


def a_pod(folder: Path, port: int = 0, pid: int = os.getpid(), started: str = "") -> None:
    labels = {"perennial.dev/pipeline": "loans", "perennial.dev/component": "recorder"}
    meta = {"name": "loans-recorder-0", "namespace": "default", "uid": "12345678-9"}
    kept(folder, "Pod", {"metadata": {**meta, "labels": labels}})
    place = folder / "pods" / "loans-recorder-0.12345678"
    place.mkdir(parents=True)
    said = {"pid": pid, "started": started or started_at(pid), "port": port}
    (place / "process.json").write_text(json.dumps(said))


@pytest.fixture
def port() -> Iterator[int]:
    """Of a process that says `REPORT` of itself."""
    server = serve(0, lambda: REPORT, lambda: True, lambda: b"")
    yield server.port
    server.close()


def test_a_run_that_works_is_read_and_left_as_it_is(tmp_path: Path, port: int) -> None:
    loans = a_run(tmp_path)
    a_pod(tmp_path, port)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
    place = RunFolder(tmp_path)

    assert place.pipelines() == [loans]
    assert place.pipeline("default", "loans") == loans
    assert place.pipeline("default", "other") is None
    assert place.problem() == ""
    assert place.reports(loans) == [REPORT]
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")} == before


def test_a_process_that_was_never_told_its_port_is_silent(tmp_path: Path) -> None:
    loans = a_run(tmp_path)
    a_pod(tmp_path)

    assert RunFolder(tmp_path).reports(loans) is None


def test_another_process_of_that_number_is_not_the_run(tmp_path: Path) -> None:
    a_run(tmp_path)
    a_pod(tmp_path, started="long ago")

    assert RunFolder(tmp_path).problem() == (
        f"The run in {tmp_path} is not at work: you see what it left behind."
    )


def test_a_file_that_is_replaced_or_gone_meanwhile_is_passed_over(tmp_path: Path) -> None:
    loans = a_run(tmp_path)
    (tmp_path / "objects/ModelPipeline.default.half.json").write_text('{"metadata": ')
    (tmp_path / "objects/ModelPipeline.default.list.json").write_text("[]")

    assert RunFolder(tmp_path).pipelines() == [loans]


def test_verdicts_are_read_from_the_store_of_the_run(tmp_path: Path) -> None:
    loans = a_run(tmp_path)
    (tmp_path / "store/perennial").mkdir(parents=True)
    store = FolderStore(tmp_path / "store", "perennial", "default/loans")
    store.put_new("attempts/1/verdict.json", VERDICTS[1].model_dump_json().encode())
    store.put_new("attempts/2/verdict.json", b"{")
    place = RunFolder(tmp_path)

    assert [place.verdict(loans, number) for number in (1, 3)] == [VERDICTS[1], None]
    with pytest.raises(Unseen, match=r"attempts/2/verdict.json is no verdict"):
        place.verdict(loans, 2)


def test_the_report_of_a_run_that_has_ended_is_its_page(tmp_path: Path) -> None:
    page, place = steady(at(200)), a_run(tmp_path)
    (tmp_path / "report.html").write_bytes(render(page))
    watched = RunFolder(tmp_path)

    assert watched.left("default", "loans") == page
    assert watched.left("default", "other") is None
    other = structs.replace(page, name="other")
    (tmp_path / "report.html").write_bytes(render(other))
    assert watched.left("default", "loans") is None
    assert place


def test_a_run_that_works_again_is_not_its_old_report(tmp_path: Path) -> None:
    a_run(tmp_path)
    report = tmp_path / "report.html"
    report.write_bytes(render(steady(at(200))))
    os.utime(report, (1_000, 1_000))
    assert RunFolder(tmp_path).left("default", "loans") is None

    os.utime(report)
    a_pod(tmp_path)
    assert RunFolder(tmp_path).left("default", "loans") is None


def test_a_folder_in_which_no_run_has_worked_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unseen, match=f"{tmp_path} is no folder of a run$"):
        RunFolder(tmp_path)


def test_of_a_folder_that_holds_runs_each_of_them_is_named(tmp_path: Path) -> None:
    for name in ("loans", "orders"):
        (tmp_path / name / "objects").mkdir(parents=True)
    (tmp_path / "other").mkdir()

    runs = f"{tmp_path}/loans or {tmp_path}/orders"
    with pytest.raises(Unseen, match=f"{tmp_path} is no folder of a run: name {runs}$"):
        RunFolder(tmp_path)


def test_a_report_is_a_pods_own_or_none(tmp_path: Path) -> None:
    other: Report = REPORT.model_copy(update={"uid": "another"})
    server = serve(0, lambda: other, lambda: True, lambda: b"")
    loans = a_run(tmp_path)
    a_pod(tmp_path, server.port)

    assert RunFolder(tmp_path).reports(loans) is None
    server.close()
    assert RunFolder(tmp_path).reports(loans) is None
