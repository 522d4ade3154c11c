"""Owner of a prefix."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from perennial_contract.objects.owner import StorageTaken, check_owner, owner_of
from perennial_contract.settings import Settings


def settings(**changed: Any) -> Settings:
    return Settings.model_validate(
        {
            "uid": "u-1",
            "cluster": "c-1",
            "namespace": "loans",
            "name": "income",
            "created": datetime(2026, 1, 2, tzinfo=UTC),
            "storage": {"bucket": "perennial", "secretRef": {"name": "s3"}},
            "kafka": {"bootstrapServers": "kafka:9092"},
            **changed,
        }
    )


def test_the_document_names_cluster_namespace_name_and_for_information_the_uid() -> None:
    assert json.loads(owner_of(settings()).to_json()) == {
        "cluster": "c-1",
        "namespace": "loans",
        "name": "income",
        "uid": "u-1",
    }


def test_a_resource_that_was_created_again_is_the_same_owner() -> None:
    check_owner(owner_of(settings()).to_json(), settings(uid="u-2"))


@pytest.mark.parametrize(
    ("changed", "whose"),
    [
        ({"cluster": "c-2"}, "loans/income of cluster c-2"),
        ({"cluster": ""}, "loans/income"),
        ({"namespace": "cards"}, "cards/income of cluster c-1"),
        ({"name": "risk"}, "loans/risk of cluster c-1"),
    ],
)
def test_another_owner_is_named_and_how_to_go_on(changed: dict[str, Any], whose: str) -> None:
    with pytest.raises(StorageTaken) as refused:
        check_owner(owner_of(settings(**changed)).to_json(), settings())

    assert str(refused.value) == (
        f"owner.json below perennial/loans/income belongs to {whose}, not to loans/income of"
        " cluster c-1: choose another storage.prefix, remove what is there, or remove owner.json"
        " alone to go on with what is there"
    )


@pytest.mark.parametrize("standing", [b"", b"{}", b"\xff", b"[1]"])
def test_a_document_that_cannot_be_read_is_nobodys_to_take(standing: bytes) -> None:
    with pytest.raises(StorageTaken, match="belongs to nobody that can be read"):
        check_owner(standing, settings())
