from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from perennial.pipeline import ManifestTrouble
from perennial.running.secrets import named, require, with_environment

KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key"}
SPEC: dict[str, Any] = {
    "kafka": {"secretRef": {"name": "user"}, "caSecretRef": {"name": "ca"}},
    "storage": {"secretRef": {"name": "s3"}},
}


def test_a_secret_that_is_missing_is_named_with_the_path_to_write() -> None:
    require(SPEC, {"user", "ca", "s3"}, Path("/run/secrets"))
    require({"kafka": {}, "storage": {}}, (), Path("/run/secrets"))
    with pytest.raises(
        ManifestTrouble,
        match=r"^there is no Secret s3, which storage\.secretRef names: write each of its keys to a"
        r" file /run/secrets/s3/KEY \(AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; the"
        r" environment may hold both instead\)$",
    ):
        require(SPEC, {"user", "ca"}, Path("/run/secrets"))
    with pytest.raises(ManifestTrouble, match=r"kafka\.secretRef"):
        require(SPEC, set(), Path("/run/secrets"))


@pytest.mark.parametrize(
    ("environment", "there", "left"),
    [
        (KEYS, (), []),
        (KEYS, ("s3",), ["s3"]),
        ({}, (), ["s3"]),
        ({**KEYS, "AWS_SECRET_ACCESS_KEY": ""}, (), ["s3"]),
    ],
)
def test_keys_of_the_environment_take_the_place_of_a_secret_that_is_not_there(
    environment: dict[str, str], there: tuple[str, ...], left: list[str]
) -> None:
    spec = deepcopy(SPEC)
    with_environment(spec, environment, there)
    assert [name for field, name in named(spec) if field == "storage.secretRef"] == left


def test_without_a_secret_there_is_nothing_to_leave_out() -> None:
    spec: dict[str, Any] = {"kafka": {}, "storage": {"bucket": "b"}}
    with_environment(spec, KEYS, ())
    assert spec == {"kafka": {}, "storage": {"bucket": "b"}}
