from typing import Any

import yaml

from perennial.local_manifest import Manifest, Servers, localized
from tests.support.examples.builders import LOANS

MANIFEST = yaml.safe_load(LOANS.read_text())
SERVERS = Servers("127.0.0.1:19092", "file:///run/store", "http://127.0.0.1:5000")


def test_only_the_servers_are_others() -> None:
    local = localized(MANIFEST, SERVERS)
    spec = MANIFEST["spec"]
    assert local == {
        **MANIFEST,
        "metadata": {"name": "loans", "namespace": "default"},
        "spec": {
            **spec,
            "kafka": {"bootstrapServers": "127.0.0.1:19092"},
            "storage": {"endpoint": "file:///run/store", "bucket": "perennial"},
            "tracking": {"uri": "http://127.0.0.1:5000", "experiment": "loans"},
        },
    }


def test_without_a_server_of_ours_the_manifests_stays_with_its_secrets() -> None:
    local = localized(MANIFEST, Servers(bootstrap="127.0.0.1:19092"))
    assert local["spec"]["storage"] == MANIFEST["spec"]["storage"]


def test_a_section_that_is_absent_or_no_mapping_is_left_to_the_admission() -> None:
    specs: tuple[Any, ...] = ({}, {"kafka": "kafka:9092"}, [])
    for spec in specs:
        own = Servers("127.0.0.1:19092", "file:///run/store")
        assert localized({"spec": spec}, own) == {"spec": spec}


def test_servers_that_a_user_names_are_asked_with_the_manifests_secrets() -> None:
    named = Servers("broker:9093", "https://s3.example")
    spec = localized(MANIFEST, Servers(tracking="sqlite:////run/mlflow.db"), named)["spec"]
    assert spec["kafka"] == {"bootstrapServers": "broker:9093"}
    assert spec["storage"] == {**MANIFEST["spec"]["storage"], "endpoint": "https://s3.example"}
    assert spec["tracking"]["uri"] == "sqlite:////run/mlflow.db"


def test_mlflow_is_told_even_where_the_manifest_names_none() -> None:
    manifest: Manifest = {"spec": {"kafka": {}}}
    assert localized(manifest, Servers(), Servers(tracking="sqlite:////run/mlflow.db")) == {
        "spec": {"kafka": {}, "tracking": {"uri": "sqlite:////run/mlflow.db"}}
    }
    assert localized(manifest, Servers()) == manifest


def test_the_manifest_itself_is_not_changed() -> None:
    before = yaml.safe_load(LOANS.read_text())
    localized(MANIFEST, SERVERS)
    assert before == MANIFEST
