"""The pods' own identity: a token that is exchanged for credentials of a real S3 server."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.objects import Put, StorageRefused
from perennial_contract.runtime.s3 import Store
from perennial_contract.runtime.s3_client import connect
from tests.support.identities import Credentials, identities
from tests.support.security.storage import BUCKET
from tests.support.servers import S3, S3_USER

pytestmark = pytest.mark.integration


def temporary() -> Credentials:
    """As the server itself gives them out, for 15 minutes."""
    given = boto3.client(
        "sts",
        endpoint_url=S3,
        region_name="us-east-1",
        aws_access_key_id=S3_USER,
        aws_secret_access_key=S3_USER,
        config=Config(connect_timeout=2),
    ).assume_role(RoleArn="arn:x:ignored:by:it:x", RoleSessionName="ignored", DurationSeconds=900)
    found = given["Credentials"]
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def test_a_pods_token_is_exchanged_for_credentials_with_which_objects_are_written(
    s3: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("c4n4ry")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/perennial")
    with identities(credentials=temporary()) as exchange:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", exchange.address)
        client = connect(Storage(endpoint=s3, bucket=BUCKET), tmp_path / "no-secret")
        if BUCKET not in [found["Name"] for found in client.list_buckets()["Buckets"]]:
            client.create_bucket(Bucket=BUCKET)
        there = Store(client, BUCKET, f"identity-{uuid4().hex[:8]}")

        there.probe()
        assert there.put_new("object", b"content") is Put.WRITTEN
        assert there.get("object") == b"content"
        there.delete("object")
        assert [asked["WebIdentityToken"] for asked in exchange.asked] == ["c4n4ry"]

        exchange.credentials = Credentials("nobody", "c4n4ry", "c4n4ry")
        stranger = Store(connect(Storage(endpoint=s3, bucket=BUCKET), tmp_path), BUCKET, "x")
        with pytest.raises(StorageRefused) as refused:
            stranger.get("object")
        assert "c4n4ry" not in str(refused.value)
