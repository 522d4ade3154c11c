import base64
from pathlib import Path

import pytest

from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.trouble import (
    Away,
    ClusterTrouble,
    Conflict,
    Forbidden,
    NotFound,
    Refused,
)
from tests.support.perennial.api_server import (
    NO_SUCH_PATH,
    PIPELINES,
    ApiServer,
    refusal,
)
from tests.support.perennial.running import a_manifest

NOT_ALLOWED = 'User "ann" cannot list resource "modelpipelines"'
NO_DEFINITION = (
    "the cluster knows no ModelPipeline (perennial.dev): install the operator's chart, helm"
    " upgrade --install perennial helm/perennial --namespace perennial-system --create-namespace"
)


def access(server: ApiServer, folder: Path) -> Access:
    return Access(kubeconfig=str(server.kubeconfig(folder, namespace="team")))


def test_a_pipeline_is_found_by_its_name_or_as_the_only_one(
    server: ApiServer, tmp_path: Path
) -> None:
    server.hold(a_manifest("income"))
    known = access(server, tmp_path)
    assert known.pipeline("income") == a_manifest("income")
    assert known.pipeline() == a_manifest("income")
    assert [(method, path) for method, path, *_ in server.asked] == [
        ("GET", f"{PIPELINES}/income"),
        ("GET", PIPELINES),
    ]


def test_a_pipeline_that_is_not_there_or_not_clear_is_told_with_those_that_are(
    server: ApiServer, tmp_path: Path
) -> None:
    known = access(server, tmp_path)
    with pytest.raises(NotFound) as none:
        known.pipeline()
    server.hold(a_manifest("income"), a_manifest("loans"))
    with pytest.raises(NotFound) as missing:
        known.pipeline("incomes")
    with pytest.raises(NotFound) as unclear:
        known.pipeline()
    assert [str(each.value) for each in (none, missing, unclear)] == [
        "there is no ModelPipeline in namespace team; --namespace names another",
        "there is no ModelPipeline incomes in namespace team: income, loans",
        "name one of the ModelPipelines in namespace team: income, loans",
    ]


def test_a_secret_is_its_bytes_by_key(server: ApiServer, tmp_path: Path) -> None:
    held = {"user": "loans", "ca.crt": "\xff"}
    data = {k: base64.b64encode(v.encode("latin-1")).decode() for k, v in held.items()}
    server.objects["/api/v1/namespaces/team/secrets/kafka"] = {"data": data}
    server.objects["/api/v1/namespaces/team/secrets/empty"] = {"metadata": {}}
    known = access(server, tmp_path)
    assert known.secret("kafka") == {"user": b"loans", "ca.crt": b"\xff"}
    assert known.secret("empty") == {}
    assert known.secret("none") is None


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (
            refusal(403, "Forbidden", NOT_ALLOWED),
            Forbidden,
            f"{NOT_ALLOWED}: a Role with that right must be bound to you",
        ),
        (
            refusal(401, "Unauthorized", "Unauthorized"),
            Forbidden,
            "SERVER does not know who asks: log in again, or choose another --context",
        ),
        (
            refusal(403, "Forbidden", 'pods is forbidden: User "system:anonymous" cannot list'),
            Forbidden,
            "SERVER does not know who asks: log in again, or choose another --context",
        ),
        (
            (404, NO_SUCH_PATH),
            ClusterTrouble,
            NO_DEFINITION,
        ),
        (
            refusal(503, "ServiceUnavailable", "starting"),
            Away,
            "SERVER: 503 ServiceUnavailable: starting; try again",
        ),
        (refusal(429, "TooMany", "wait"), Away, "SERVER: 429 TooMany: wait; try again"),
        (refusal(403, "Forbidden", "a policy says no"), Forbidden, "a policy says no"),
        (refusal(405, "NotAllowed", "no"), ClusterTrouble, "SERVER: 405 NotAllowed: no"),
    ],
    ids=[
        "forbidden",
        "unknown",
        "anonymous",
        "no definition",
        "starting",
        "busy",
        "policy",
        "other",
    ],
)
def test_what_the_server_says_instead_is_one_line_with_what_to_do(
    answer: tuple[int, dict[str, object] | str],
    kind: type[ClusterTrouble],
    said: str,
    server: ApiServer,
    tmp_path: Path,
) -> None:
    server.answers["GET", PIPELINES] = answer
    with pytest.raises(ClusterTrouble) as trouble:
        access(server, tmp_path).pipeline()
    assert type(trouble.value) is kind
    assert str(trouble.value) == said.replace("SERVER", server.address)


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(Away) as away:
        access(ApiServer(port=1), tmp_path).pipeline()
    said = str(away.value)
    assert said.startswith("cannot reach the API server http://127.0.0.1:1: ")
    assert "Connection refused" in said
    assert said.endswith("; does the cluster run, and is this the right --context?")
    assert "\n" not in said


def test_an_edit_sets_its_fields_alone_and_in_its_own_name(
    server: ApiServer, tmp_path: Path
) -> None:
    server.hold(a_manifest("income", retrain={"threshold": 2000}))

    changed = access(server, tmp_path).edit("income", {"retrain": {"request": "now"}})

    assert changed["spec"]["retrain"] == {"threshold": 2000, "request": "now"}
    query = {"fieldManager": "perennial-client", "fieldValidation": "Strict"}
    body = {"spec": {"retrain": {"request": "now"}}}
    assert server.asked == [("PATCH", f"{PIPELINES}/income", query, body)]


def test_an_apply_takes_over_nothing_unless_it_is_forced(server: ApiServer, tmp_path: Path) -> None:
    known = access(server, tmp_path)
    for force in (False, True):
        known.apply(a_manifest("income"), force=force)
    query = {"fieldManager": "perennial-client", "fieldValidation": "Strict"}
    assert server.asked == [
        ("PATCH", f"{PIPELINES}/income", {**query, "force": force}, a_manifest("income"))
        for force in ("false", "true")
    ]


def test_a_delete_tells_whether_there_was_one(server: ApiServer, tmp_path: Path) -> None:
    server.hold(a_manifest("income"))
    known = access(server, tmp_path)
    assert [known.delete("income"), known.delete("income")] == [True, False]


INVALID = refusal(
    422,
    "Invalid",
    'ModelPipeline.perennial.dev "income" is invalid: [spec.retrain.threshold: ..., <nil>: ...]',
    causes=[
        {
            "reason": "FieldValueInvalid",
            "message": "must be\n100",
            "field": "spec.retrain.threshold",
        },
        {"reason": "FieldValueInvalid", "message": "some rules were not checked", "field": "<nil>"},
    ],
)
UNDECLARED = "field not declared in schema"
UNKNOWN_FIELDS = refusal(
    500,
    "",
    "failed to create typed patch object (team/income; perennial.dev/v1alpha1, Kind=ModelPipeline):"
    " errors:\n  .spec.typo: field not declared in schema\n  .spec.retrain.every: field not"
    " declared in schema",
)


@pytest.mark.parametrize(
    ("answer", "fields", "said"),
    [
        (INVALID, {"spec.retrain.threshold": "must be 100"}, "spec.retrain.threshold: must be 100"),
        (
            UNKNOWN_FIELDS,
            dict.fromkeys(["spec.typo", "spec.retrain.every"], UNDECLARED),
            f"spec.typo: {UNDECLARED}; spec.retrain.every: {UNDECLARED}",
        ),
        (refusal(400, "BadRequest", "no object"), {}, "no object"),
    ],
    ids=["invalid", "unknown", "nothing named"],
)
def test_a_refusal_names_its_fields(
    answer: tuple[int, dict[str, object] | str],
    fields: dict[str, str],
    said: str,
    server: ApiServer,
    tmp_path: Path,
) -> None:
    server.answers["PATCH", f"{PIPELINES}/income"] = answer
    with pytest.raises(Refused) as refused:
        access(server, tmp_path).apply(a_manifest("income"), force=False)
    assert (refused.value.fields, str(refused.value)) == (fields, said)


def test_a_conflict_names_its_fields_and_who_has_set_them(
    server: ApiServer, tmp_path: Path
) -> None:
    by = 'conflict with "kubectl-client-side-apply" using perennial.dev/v1alpha1'
    causes = [{"reason": "FieldManagerConflict", "message": by, "field": ".spec.model.pin"}]
    answer = refusal(409, "Conflict", "Apply failed with 1 conflict", causes=causes)
    server.answers["PATCH", f"{PIPELINES}/income"] = answer

    with pytest.raises(Conflict) as conflict:
        access(server, tmp_path).apply(a_manifest("income"), force=False)

    assert conflict.value.fields == {"spec.model.pin": "kubectl-client-side-apply"}
    assert str(conflict.value) == (
        "spec.model.pin is set by kubectl-client-side-apply: leave it out, or apply with force"
    )
