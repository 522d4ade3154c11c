import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from perennial.__main__ import app
from perennial.adapters.watched.run import ENDED
from perennial.commands.cluster.look import place
from perennial.commands.cluster.status import looks
from perennial_contract.status import PredictorReport, RecorderReport
from perennial_operator.api.status import Status
from tests.support.perennial.api_server import PIPELINES, ApiServer, refusal
from tests.support.perennial.pages import FIRST, FOURTH, KEPT, V4, a_status, resource


class Meanwhile:
    """Clock of the tests: each pause is what happens meanwhile."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self.steps = list(steps)

    def now(self) -> float:
        return 0.0

    def pause(self, seconds: float) -> None:
        assert seconds > 0
        self.steps.pop(0)()


PODS = "/api/v1/namespaces/team/pods"


def loans(status: Status, **spec: Any) -> dict[str, Any]:
    held = resource(status, **spec)
    meta = {"name": "loans", "namespace": "team", "uid": "uid", "resourceVersion": "7"}
    return {"kind": "ModelPipeline", **held, "metadata": meta}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["status", *map(str, arguments)])


def put_pod(server: ApiServer, report: PredictorReport | RecorderReport, component: str) -> None:
    labels = {"perennial.dev/pipeline": "loans", "perennial.dev/component": component}
    meta = {"name": report.pod, "namespace": "team", "uid": report.pod, "labels": labels}
    server.objects[f"{PODS}/{report.pod}"] = {"metadata": meta, "status": {"phase": "Running"}}
    proxied = f"{PODS}/{report.pod}:8080/proxy/status"
    server.objects[proxied] = report.model_dump(mode="json")


def test_one_screen_tells_what_serves_and_what_the_pods_say(server: ApiServer) -> None:
    server.hold(loans(a_status(V4, 118, [FIRST, *KEPT, FOURTH])))
    put_pod(server, RecorderReport(uid="uid", pod="r", ready=True, lag={"labels": 3}), "recorder")
    for pod, count in (("a", 1), ("b", 2)):
        dead = {"NotJson": count}
        told = PredictorReport(uid="uid", pod=pod, ready=True, version=V4, dead_letters=dead)
        put_pod(server, told, "predictor")

    done = run()

    said = done.stdout.splitlines()
    assert (done.exit_code, done.stderr) == (0, "")
    assert said[0] == f"team/loans: Ready. {V4} serves"
    assert "lag           labels 3" in said
    assert any(line.startswith("dead letters  3 NotJson: ") for line in said)


def test_a_program_reads_the_same_as_a_document(server: ApiServer) -> None:
    server.hold(loans(a_status(V4, 118, [FIRST, *KEPT, FOURTH])))
    said = json.loads(run("loans", "-o", "json").stdout)
    assert said["state"] == {"level": "well", "word": "Ready", "summary": f"{V4} serves"}
    assert said["labels"] == {"new": 1104, "threshold": 2000, "total": 5104}
    assert [each["number"] for each in said["attempts"]] == [4, 3, 2, 1]
    assert (said["lag"], said["deadLetters"]) == (None, None)
    assert "wide" not in said


def test_a_folder_of_a_run_is_read_as_it_stands(tmp_path: Path) -> None:
    objects = tmp_path / "objects"
    objects.mkdir()
    file = objects / "ModelPipeline.team.loans.json"
    file.write_text(json.dumps(loans(a_status(V4, 118, [FIRST, *KEPT, FOURTH]))))
    being_written = objects / "ModelPipeline.team.loans.tmp"
    being_written.write_text("{")

    done = run("--folder", tmp_path)

    ended = ENDED.format(folder=tmp_path)
    told = " ".join(done.stdout.split())
    assert told.startswith(f"team/loans: Ready. {V4} serves {ended} serves {V4} for ")
    assert being_written.exists()
    assert run("other", "--folder", tmp_path).stderr == (
        f"perennial: there is no ModelPipeline other of {tmp_path}: loans\n"
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    said = f"perennial: {empty} is no folder of a run\n"
    assert run("--folder", empty).stderr == said


def test_what_is_not_there_is_one_line(server: ApiServer) -> None:
    server.hold(loans(Status()))
    done = run("loan")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "perennial: there is no ModelPipeline loan in namespace team: loans\n"
    assert run("--namespace", "theirs").stderr == (
        "perennial: there is no ModelPipeline in namespace theirs; --namespace names another\n"
    )


def test_an_api_server_that_is_away_leaves_the_last_look_and_is_told(server: ApiServer) -> None:
    path = f"{PIPELINES}/loans"
    server.hold(loans(a_status(V4, 118, [FIRST, *KEPT, FOURTH])))

    def away() -> None:
        server.answers["GET", path] = refusal(503, "ServiceUnavailable", "it starts")

    def back() -> None:
        server.answers.clear()
        server.hold(loans(Status()))

    seen = looks(place("loans", None, "", ""), Meanwhile(away, back))
    (first, _), (then, _), (last, _) = next(seen), next(seen), next(seen)

    assert (first.state.word, first.problem) == ("Ready", "")
    assert (then.state, then.problem) == (
        first.state,
        f"As of before: {server.address}: 503 ServiceUnavailable: it starts; try again",
    )
    assert (last.state.word, last.problem) == ("Waiting", "")
