"""Adapter of S3: writes the base dataset, reads verdicts, removes what an earlier run left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from perennial.adapters.addresses import S3_PASSWORD, S3_USER
from perennial_contract.status import Verdict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class StoreTrouble(Exception):  # noqa: N818  what it is
    """S3 does not do what was asked; the message says what, and how to go on."""


class Buckets:
    """The buckets of the local S3 server at `endpoint`."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self.client = connect(endpoint)

    def put(self, uri: str, data: bytes) -> None:
        """Writes s3://bucket/key."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        with self._named(uri):
            self.client.put_object(Bucket=bucket, Key=key, Body=data)

    def clear(self, bucket: str, prefix: str) -> int:
        """Deletes what lies below a prefix; how many objects."""
        with self._named(f"s3://{bucket}/{prefix}"):
            if bucket not in {found["Name"] for found in self.client.list_buckets()["Buckets"]}:
                return 0
            keys = [
                found["Key"]
                for page in self.client.get_paginator("list_objects_v2").paginate(
                    Bucket=bucket, Prefix=f"{prefix}/"
                )
                for found in page.get("Contents", ())
            ]
            for start in range(0, len(keys), 1000):
                objects = [{"Key": key} for key in keys[start : start + 1000]]
                self.client.delete_objects(Bucket=bucket, Delete={"Objects": objects})  # type: ignore[typeddict-item]  # the stubs want their own class
        return len(keys)

    def verdict(self, bucket: str, prefix: str, number: int) -> Verdict | None:
        """A verdict in full, as the trainer wrote it; None where it wrote none."""
        key = f"{prefix}/attempts/{number}/verdict.json"
        with self._named(f"s3://{bucket}/{key}"):
            try:
                body = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
            except self.client.exceptions.NoSuchKey:
                return None
        return Verdict.model_validate_json(body)

    @contextmanager
    def _named(self, what: str) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise StoreTrouble(f"S3 at {self._endpoint}, {what}: {error}") from error


def connect(endpoint: str) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=S3_USER,
        aws_secret_access_key=S3_PASSWORD,
        config=Config(connect_timeout=3, retries={"mode": "standard", "total_max_attempts": 3}),
    )
