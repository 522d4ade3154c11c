"""The typed client and its commands on a real API server, beside the operator's process."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from typer.testing import CliRunner

from perennial import Conflict, Forbidden, NotFound, Pipeline, Refused
from perennial.__main__ import app
from perennial.adapters.store import Buckets
from perennial_contract.status import BundleState, PredictorReport, Report
from perennial_operator.api.attempts import AttemptOutcome, Trigger
from tests.support.operator.builders import D1, D2, V1, V2
from tests.support.operator.control_plane import (
    ADMIN,
    EDITOR,
    ControlPlane,
    a_pipeline,
    apply,
    eventually,
)
from tests.support.operator.process import ADDRESS, ELSEWHERE, Operator, World, reporting
from tests.support.perennial.pages import VERDICTS

pytestmark = pytest.mark.integration
Json = dict[str, Any]
Make = Callable[..., Pipeline]


@pytest.fixture
def pipeline(
    control_plane: ControlPlane, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Make:
    """One of a file with these sections."""
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig(ADMIN)))

    def make(**sections: Any) -> Pipeline:
        file = tmp_path / "income.yaml"
        file.write_text(yaml.safe_dump(a_pipeline(**sections)))
        return Pipeline.from_yaml(file, namespace=namespace)

    return make


def test_what_is_refused_is_told_by_its_fields(pipeline: Make) -> None:
    def refused(**sections: Any) -> Refused:
        with pytest.raises(Refused) as trouble:
            pipeline(**sections).apply()
        return trouble.value

    too_small = refused(retrain={"threshold": 3})
    assert "spec.retrain.threshold" in too_small.fields
    assert "\n" not in str(too_small)
    by_rule = refused(retrain={"threshold": 500}, promotion={"minJudged": 400})
    assert "must be at least 2 * promotion.minJudged" in str(by_rule)
    unknown = refused(retrain={"threshold": 2000, "every": 3})
    assert unknown.fields == {"spec.retrain.every": "field not declared in schema"}


def test_what_cannot_be_changed_is_told_by_its_field(pipeline: Make) -> None:
    pipeline(labels=None).apply()
    with pytest.raises(Refused) as trouble:
        pipeline(labels=None, storage={"bucket": "another"}).apply()
    assert any(field.startswith("spec.storage") for field in trouble.value.fields)


def test_an_apply_takes_from_nobody_what_is_not_forced(
    pipeline: Make, control_plane: ControlPlane, namespace: str
) -> None:
    apply(control_plane, namespace, a_pipeline(retrain={"threshold": 2000}))
    same, other = ({"threshold": number} for number in (2000, 3000))
    pipeline(retrain=same).apply()
    with pytest.raises(Conflict) as conflict:
        pipeline(retrain=other).apply()
    assert conflict.value.fields == {"spec.retrain.threshold": "kubectl-client-side-apply"}
    pipeline(retrain=other).apply(force=True)
    assert pipeline().resource()["spec"]["retrain"]["threshold"] == 3000


def test_who_may_not_is_told_what_is_missing(
    control_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig(EDITOR)))
    with pytest.raises(Forbidden, match=r'User "editor" cannot .*: a Role with that right'):
        Pipeline.named("income", namespace=namespace)
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig("nobody-token")))
    with pytest.raises(Forbidden, match="does not know who asks: log in again"):
        Pipeline.named("income", namespace=namespace)


def said(world: World, letter: str, version: str, digest: str) -> Report:
    (owner,) = world.deployment()["metadata"]["ownerReferences"]
    return PredictorReport(
        uid=owner["uid"],
        pod=f"income-predictor-{letter}",
        ready=True,
        version=version,
        digest=digest,
        bundle=BundleState.VERIFIED,
    )


def template(world: World) -> str:
    pods = world.deployment()["spec"]["template"]
    return str(pods["metadata"]["annotations"]["perennial.dev/model"])


def rolls(world: World, version: str, gone: str, come: str, address: str) -> None:
    """What a Deployment's controller and a kubelet do once the version is another."""
    eventually(f"{version} rolls", lambda: template(world) == version)
    world.plane.kubectl("-n", world.namespace, "delete", "pod", f"income-predictor-{gone}", "--now")
    world.predictor(come, ready=True, address=address)
    world.rolled_out()


@pytest.fixture
def stored(control_plane: ControlPlane, namespace: str, s3: str) -> Iterator[Json]:
    """The storage of a pipeline that holds the verdict of its first attempt."""
    bucket, store = f"client-{uuid4().hex[:8]}", Buckets(s3)
    store.client.create_bucket(Bucket=bucket)
    store.put(f"s3://{bucket}/it/attempts/1/verdict.json", VERDICTS[1].model_dump_json().encode())
    keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    literals = [f"--from-literal={key}=minioadmin" for key in keys]
    control_plane.kubectl("-n", namespace, "create", "secret", "generic", "s3", *literals)
    unreachable = "http://minio.elsewhere:9000"
    yield {
        "endpoint": unreachable,
        "bucket": bucket,
        "prefix": "it",
        "secretRef": {"name": "s3"},
    }
    store.clear(bucket, "it")
    store.client.delete_bucket(Bucket=bucket)


def test_candidates_are_read_from_the_storage_with_its_secret(
    operators: Callable[[], Operator], world: World, pipeline: Make, stored: Json, s3: str
) -> None:
    operators()
    ours = pipeline(labels=None, storage=stored)
    ours.apply()
    world.end_trainer(world.made_job(), world.verdict())
    eventually("it has ended", lambda: ours.history)
    code, told = run("why", "1", "-n", world.namespace, "--s3", s3)
    assert code == 0
    assert [line.split() for line in told.splitlines()[-2:]] == [
        ["search", "0.2354", "+0.4584", "100.0%"],
        ["base-rate", "0.6938"],
    ]


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout + done.stderr


def test_a_pipeline_is_applied_awaited_retrained_rolled_back_and_let_go_on(
    operators: Callable[[], Operator], world: World, pipeline: Make
) -> None:
    operators()
    ours = pipeline(labels=None)
    ours.apply()
    world.end_trainer(world.made_job(), world.verdict())
    with reporting(said(world, "a", V1, D1)):
        world.predictor("a", ready=True)
        world.rolled_out()
        first = ours.wait("Ready", timeout=60)
        assert first.model
        assert first.model.version == V1

        request = ours.retrain()
        verdict = world.verdict(number=2, version=V2, digest=D2, champion=V1)
        world.end_trainer(world.made_job(2), verdict)
        second = ours.retrained(request, timeout=60)
        assert (second.number, second.trigger) == (2, Trigger.REQUEST)
        assert [(each.outcome, each.version) for each in ours.history] == [
            (AttemptOutcome.PROMOTED, V1),
            (AttemptOutcome.PROMOTED, V2),
        ]
        with reporting(said(world, "b", V2, D2), ELSEWHERE):
            rolls(world, V2, "a", "b", ELSEWHERE)
            ours.serving(V2, timeout=60)

            code, told = run("rollback", "-n", world.namespace, "income")
            assert (code, told.splitlines()[0]) == (
                0,
                f"income: {V1} is pinned in the place of {V2}",
            )
        rolls(world, V1, "b", "a", ADDRESS)
        assert ours.serving(V1, timeout=60).head == V2
        ours.apply()  # of a file that knows no pin
        assert ours.resource()["spec"]["model"]["pin"] == V1

        assert run("status", "-n", world.namespace)[1].startswith(
            f"{world.namespace}/income: Ready. {V1} serves"
        )
        code, told = run("why", "v2", "-n", world.namespace)
        assert (code, told.splitlines()[0]) == (0, "attempt 2: Promoted (FirstModel)")
        assert "what the candidates lost is not known here" in told
        assert run("rollback", "-n", world.namespace, "--unpin")[0] == 0
        eventually("it goes on", lambda: template(world) == V2)

    assert ours.delete()
    eventually("it is gone", lambda: world.plane.get(world.namespace, "mp", "income") is None)
    with pytest.raises(NotFound, match=r"^there is no ModelPipeline in namespace "):
        Pipeline.named(namespace=world.namespace)
