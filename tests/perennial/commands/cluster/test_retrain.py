import json
from collections.abc import Callable
from typing import Any

from typer.testing import CliRunner, Result

from perennial.__main__ import app
from perennial_operator.api.attempts import Attempt, AttemptOutcome, Trigger
from perennial_operator.api.status import HandledTriggers, Status
from tests.support.perennial.api_server import PIPELINES, ApiServer, Json
from tests.support.perennial.pages import at, entry, resource


def answering(outcome: AttemptOutcome) -> Callable[[Json], Json]:
    """An operator whose attempts end as soon as they are asked for."""

    def operator(changed: Json) -> Json:
        request = changed["spec"]["retrain"]["request"]
        status = Status(
            attempt=Attempt(number=5, trigger=Trigger.REQUEST, request=request, started_at=at(0)),
            handled=HandledTriggers(request=request),
            history=[entry(5, outcome, 130)],
        )
        return {**changed, "status": status.to_json()}

    return operator


def hold(server: ApiServer, annotations: dict[str, str] | None = None, **spec: Any) -> None:
    meta = {"name": "loans", "namespace": "team", "annotations": annotations or {}}
    server.hold({**resource(Status(), **spec), "metadata": meta})


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["retrain", *arguments])


def request_of(server: ApiServer) -> str:
    return str(server.objects[f"{PIPELINES}/loans"]["spec"]["retrain"]["request"])


def test_a_request_is_told_and_nothing_is_waited_for(server: ApiServer) -> None:
    hold(server)
    done = run()
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"loans: asked for an attempt, {request_of(server)}\n"


def test_the_attempt_is_waited_for_and_told(server: ApiServer) -> None:
    server.operator = answering(AttemptOutcome.REJECTED)
    hold(server)
    done = run("loans", "--wait", "-o", "json")
    told = entry(5, AttemptOutcome.REJECTED, 130)
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "request": request_of(server),
        "attempt": told.model_dump(mode="json", exclude_none=True),
    }
    assert run("--wait").stdout.endswith(f"\nattempt 5: {told.message}\n")


def test_one_that_could_not_use_its_data_is_a_failure(server: ApiServer) -> None:
    server.operator = answering(AttemptOutcome.REFUSED)
    hold(server)
    assert run("--wait").exit_code == 1


def test_what_holds_attempts_up_is_told_and_not_waited_for(server: ApiServer) -> None:
    hold(server, retrain={"suspend": True})
    why = "no attempt starts while retrain.suspend is true"
    waiting = run("--wait")
    assert waiting.exit_code == 1
    assert waiting.stderr == f"perennial: {why}: there would be nothing to wait for\n"
    assert run().stdout.endswith(f"; {why}\n")
    hold(server, {"perennial.dev/paused": "true"})
    assert run().stdout.endswith(
        "; no attempt starts while the annotation perennial.dev/paused is true\n"
    )
