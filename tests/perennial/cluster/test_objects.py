from typing import Any

import pytest

from perennial.cluster.objects import Objects, key_of
from perennial_operator.ports import Conflict
from tests.support.perennial.clusters import NOW, Kept, a_config_map, an_owner, some_objects, uids

Json = dict[str, Any]
LABELS = {"perennial.dev/pipeline": "income"}


def owned_by(owner: Json, name: str = "child") -> Json:
    child = an_owner("Deployment")
    reference = {"uid": owner["metadata"]["uid"], "controller": True}
    child["metadata"] |= {"name": name, "ownerReferences": [reference]}
    return child


def a_pod_of(owner: Json) -> Json:
    references = [{"uid": owner["metadata"]["uid"]}]
    meta = {"name": "pod", "namespace": "team", "ownerReferences": references}
    return {"kind": "Pod", "metadata": meta, "spec": {"terminationGracePeriodSeconds": 10}}


def test_what_is_applied_first_is_made_with_what_the_api_server_gives_it() -> None:
    objects = some_objects()

    made = objects.apply(an_owner("Deployment", replicas=1), NOW)

    assert made == {
        **an_owner("Deployment", replicas=1),
        "metadata": {
            "name": "it",
            "namespace": "team",
            "uid": "uid-1",
            "creationTimestamp": "2026-11-21T12:00:00Z",
            "generation": 1,
            "resourceVersion": "1",
        },
    }
    assert objects.get(key_of(made)) == made


def test_the_same_applied_again_changes_nothing() -> None:
    kept = Kept()
    objects = some_objects(kept)
    first = objects.apply(an_owner("Deployment"), NOW)

    assert objects.apply(an_owner("Deployment"), NOW) == first
    assert kept.writes == 1


def test_the_generation_rises_with_the_spec_alone() -> None:
    objects = some_objects()
    objects.apply(an_owner("Deployment", replicas=1), NOW)
    labeled = an_owner("Deployment", replicas=1)
    labeled["metadata"]["labels"] = LABELS

    relabeled = objects.apply(labeled, NOW)
    edited = objects.apply(an_owner("Deployment", replicas=2), NOW)

    metas = [each["metadata"] for each in (relabeled, edited)]
    assert [(m["generation"], m["resourceVersion"]) for m in metas] == [(1, "2"), (2, "3")]
    assert "labels" not in edited["metadata"]


def test_an_edit_leaves_the_status_alone() -> None:
    objects = some_objects()
    made = objects.apply(an_owner("Deployment"), NOW)
    objects.set_status(key_of(made), {"replicas": 1})

    assert objects.apply(an_owner("Deployment", replicas=2), NOW)["status"] == {"replicas": 1}


def test_what_exists_is_not_created() -> None:
    objects = some_objects()
    assert objects.create(a_config_map(), NOW)

    assert not objects.create({**a_config_map(), "data": {}}, NOW)

    found = objects.get(("ConfigMap", "team", "settings"))
    assert found
    assert found["data"] == {"a": "b"}


def test_a_status_is_patched_only_where_the_resource_is_what_was_read() -> None:
    objects = some_objects()
    read = objects.apply(an_owner("ModelPipeline"), NOW)
    objects.patch_status(read, {"a": 1, "b": {"c": 2}})

    with pytest.raises(Conflict):
        objects.patch_status(read, {"a": 2})

    current = objects.get(key_of(read))
    assert current
    objects.patch_status(current, {"a": None, "b": {"d": 3}})
    found = objects.get(key_of(read))
    assert found
    assert found["status"] == {"b": {"c": 2, "d": 3}}


def test_of_config_maps_the_metadata_alone_is_listed() -> None:
    objects = some_objects()
    objects.create(a_config_map("b", labels=LABELS), NOW)
    objects.create(a_config_map("a", labels=LABELS), NOW)
    objects.create(a_config_map("another's", labels={}), NOW)

    found = objects.labeled("ConfigMap", "team", "income")

    assert [(each["metadata"]["name"], "data" in each) for each in found] == [
        ("a", False),
        ("b", False),
    ]


def test_what_is_handed_out_is_a_copy() -> None:
    objects = some_objects()
    made = objects.apply(an_owner("Deployment"), NOW)

    made["spec"]["replicas"] = 7

    assert objects.get(key_of(made)) == {**made, "spec": an_owner("Deployment")["spec"]}


def test_another_object_of_the_name_is_not_deleted() -> None:
    objects = some_objects()
    objects.create(a_config_map(), NOW)

    objects.delete(a_config_map(uid="uid-of-one-before"), NOW)

    assert objects.get(("ConfigMap", "team", "settings"))


def test_an_owner_goes_when_all_that_it_owns_is_gone() -> None:
    objects = some_objects()
    job = objects.apply(an_owner("Job"), NOW)
    objects.create(a_pod_of(job), NOW)

    objects.delete(job, NOW)
    objects.collect(NOW)

    (pod,) = objects.of_kind("Pod")
    assert pod["metadata"]["deletionTimestamp"] == "2026-11-21T12:00:10Z"
    assert objects.get(key_of(job))
    objects.remove(pod)
    objects.collect(NOW)
    assert objects.get(key_of(job)) is None


def test_children_go_with_their_owner_down_to_the_last() -> None:
    objects = some_objects()
    resource = objects.apply(an_owner("ModelPipeline"), NOW)
    child = objects.apply(owned_by(resource), NOW)
    objects.create(a_pod_of(child), NOW)

    objects.delete(resource, NOW)
    for _ in range(3):
        objects.collect(NOW)
    (pod,) = objects.of_kind("Pod")
    assert "deletionTimestamp" in pod["metadata"]
    objects.remove(pod)
    for _ in range(2):
        objects.collect(NOW)

    kinds = ("ModelPipeline", "Deployment", "Pod")
    assert [each for kind in kinds for each in objects.of_kind(kind)] == []


def test_a_run_goes_on_with_what_the_one_before_has_kept() -> None:
    kept = Kept()
    before = some_objects(kept)
    made = before.apply(an_owner("Deployment"), NOW)

    after = Objects(kept, uids())

    assert after.get(key_of(made)) == made
    assert after.apply(an_owner("Deployment", replicas=2), NOW)["metadata"] == {
        **made["metadata"],
        "generation": 2,
        "resourceVersion": "2",
    }


def test_what_could_not_be_kept_has_not_happened() -> None:
    objects = some_objects(Kept(fail_at=2))
    made = objects.apply(an_owner("Deployment"), NOW)

    with pytest.raises(OSError, match="no space left"):
        objects.apply(an_owner("Deployment", replicas=2), NOW)

    assert objects.get(key_of(made)) == made


def test_a_status_of_a_model_pipeline_is_no_news_and_all_else_is() -> None:
    told: list[str] = []
    objects = Objects(Kept(), uids(), lambda each: told.append(each["kind"]))

    resource = objects.apply(an_owner("ModelPipeline"), NOW)
    objects.patch_status(resource, {"a": 1})
    child = objects.apply(owned_by(resource), NOW)
    objects.set_status(key_of(child), {"replicas": 1})
    objects.set_status(key_of(child), {"replicas": 1})

    assert told == ["ModelPipeline", "Deployment", "Deployment"]
