import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from perennial.__main__ import app
from tests.support.perennial.api_server import PIPELINES, ApiServer
from tests.support.perennial.pages import FIRST, FOURTH, KEPT, V1, V4, a_status, resource


def hold(server: ApiServer, serves: str = V4, **more: Any) -> None:
    status = a_status(serves, 118, [FIRST, *KEPT, FOURTH], **{"head": V4, **more})
    pin = "" if serves == V4 else serves
    meta = {"name": "loans", "namespace": "team"}
    server.hold({**resource(status, model={"pin": pin}), "metadata": meta})


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["rollback", *arguments])


def pinned(server: ApiServer) -> object:
    return server.objects[f"{PIPELINES}/loans"]["spec"]["model"]


@pytest.mark.parametrize("arguments", [(), ("v1",), (V1,), ("loans", "v1")], ids=" ".join)
def test_a_rollback_pins_and_says_how_to_undo_it(
    arguments: tuple[str, ...], server: ApiServer
) -> None:
    hold(server)
    done = run(*arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        f"loans: {V1} is pinned in the place of {V4}\nundo: perennial rollback loans --unpin\n"
    )
    assert pinned(server) == {"pin": V1}


def test_what_was_pinned_before_is_what_undoes_it(server: ApiServer) -> None:
    hold(server, serves=V1)
    done = run("loans", V4, "-n", "team", "--context", "it", "-o", "json")
    assert json.loads(done.stdout) == {
        "version": V4,
        "served": V1,
        "undo": f"perennial rollback --context it -n team loans {V1}",
    }


def test_the_pin_is_cleared_and_what_was_promoted_last_serves(server: ApiServer) -> None:
    hold(server, serves=V1)
    done = run("loans", "--unpin")
    assert done.stdout == f"loans: nothing is pinned; {V4}, which was promoted last, serves\n"
    assert pinned(server) == {"pin": ""}
    both = run("loans", "v1", "--unpin")
    assert both.exit_code == 2
    assert "--unpin" in both.stderr


def test_it_waits_until_the_pods_answer_with_the_version(server: ApiServer) -> None:
    hold(server, serves=V1)
    assert run("v1", "--wait").stdout.endswith(f"\n{V1} serves\n")
    late = run("v4", "--wait", "--timeout", "0")
    assert late.exit_code == 1
    assert late.stderr.startswith(f"perennial: {V4} does not serve after 0 s: ModelAvailable")


def test_a_version_that_failed_is_pinned_only_if_it_is_forgiven(server: ApiServer) -> None:
    hold(server, bad_versions=[V1])
    refused = run("v1")
    assert refused.exit_code == 1
    assert refused.stderr == (
        f"perennial: {V1} was taken back, since it failed through its own fault: forgive it"
        " (--forgive) to have it tried once more\n"
    )
    assert pinned(server) == {"pin": ""}
    run("v1", "--forgive")
    assert pinned(server) == {"pin": V1, "forgive": V1}
