"""The client of S3: whose credentials it has, and how long it looks for them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from perennial_contract.resource.storage import Storage
from perennial_contract.resource.values import SecretReference
from perennial_contract.runtime.objects import StorageRefused, StoreError
from perennial_contract.runtime.s3 import Store
from perennial_contract.runtime.s3_client import connect
from perennial_contract.runtime.secrets import SecretRefused
from tests.support.identities import Identities, identities

AT = Storage(
    endpoint="http://127.0.0.1:9000", bucket="bucket", secret_ref=SecretReference(name="s3")
)


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials of who runs the tests."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def token(tmp_path: Path) -> Path:
    """Of the pod's ServiceAccount."""
    file = tmp_path / "token"
    file.write_text("a-pod")
    return file


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch, token: Path) -> Iterator[Identities]:
    """As a cloud's webhook gives it to a pod."""
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/perennial")
    monkeypatch.setenv("AWS_ROLE_SESSION_NAME", "pipeline")
    with identities() as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", found.address)
        yield found


def store(at: str, secret: Path) -> Store:
    storage = Storage(endpoint=at, bucket="bucket")
    return Store(connect(storage, secret), "bucket", "")


def test_a_client_has_the_credentials_of_the_mounted_secret(tmp_path: Path) -> None:
    tmp_path.joinpath("AWS_ACCESS_KEY_ID").write_text("me\n")
    tmp_path.joinpath("AWS_SECRET_ACCESS_KEY").write_text("secret\n")
    tmp_path.joinpath("AWS_SESSION_TOKEN").write_text("for-an-hour\n")

    url = connect(AT, tmp_path).generate_presigned_url(
        "get_object", Params={"Bucket": "bucket", "Key": "key"}
    )

    assert url.startswith("http://127.0.0.1:9000/bucket/key?")
    assert "AWSAccessKeyId=me&" in url or "X-Amz-Credential=me%2F" in url
    assert "security-token=for-an-hour" in url.lower()


def test_half_a_key_is_refused_with_the_other_half(tmp_path: Path) -> None:
    (tmp_path / "AWS_ACCESS_KEY_ID").write_text("me")
    with pytest.raises(SecretRefused, match="AWS_SECRET_ACCESS_KEY is missing beside"):
        connect(AT, tmp_path)


def test_without_a_secret_the_pods_token_is_exchanged_once(
    identity: Identities, tmp_path: Path
) -> None:
    asked = store(identity.address, tmp_path / "absent")

    assert [asked.get("one"), asked.get("two")] == [None, None]
    assert identity.tokens == ["session", "session"]
    assert identity.asked == [
        {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": "arn:aws:iam::1:role/perennial",
            "RoleSessionName": "pipeline",
            "WebIdentityToken": "a-pod",
        }
    ]


def test_credentials_that_run_out_are_exchanged_for_others_with_the_token_of_then(
    identity: Identities, token: Path, tmp_path: Path
) -> None:
    identity.life = timedelta(seconds=1)
    asked = store(identity.address, tmp_path)
    asked.get("one")
    token.write_text("later")
    asked.get("two")

    assert [each["WebIdentityToken"] for each in identity.asked][-1] == "later"


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidIdentityToken", "ExpiredTokenException"])
def test_a_token_that_is_refused_is_told_as_a_refusal(
    identity: Identities, tmp_path: Path, code: str
) -> None:
    identity.refusal = code
    with pytest.raises(StorageRefused, match=code):
        store(identity.address, tmp_path).get("one")


def test_a_token_that_is_missing_is_told(identity: Identities, token: Path, tmp_path: Path) -> None:
    token.unlink()
    with pytest.raises(StoreError, match="token"):
        store(identity.address, tmp_path).get("one")


def test_where_nobody_gives_an_identity_it_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with identities() as machine:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.address)

        with pytest.raises(StorageRefused, match=r"storage\.secretRef, nor an identity"):
            store(machine.address, tmp_path).get("one")

        assert machine.tokens == []  # the machine was not asked who it is


def test_an_agent_that_is_away_is_told_as_what_may_pass(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/v1/credentials")
    with pytest.raises(StoreError, match="no identity for S3") as told:
        store("http://127.0.0.1:1", tmp_path)
    assert told.value.reason == "StorageUnavailable"
