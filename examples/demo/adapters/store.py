"""Adapter of S3: writes the base dataset, reads verdicts, removes what an earlier run left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from examples.demo.adapters.addresses import S3, S3_PASSWORD, S3_USER
from perennial_contract.status import Verdict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class StoreTrouble(Exception):  # noqa: N818  what it is
    """S3 does not do what was asked; the message says what, and how to go on."""


def put(uri: str, data: bytes) -> None:
    """Writes s3://bucket/key."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    with _named(uri):
        connect().put_object(Bucket=bucket, Key=key, Body=data)


def clear(bucket: str, prefix: str) -> int:
    """Deletes what lies below a prefix; how many objects."""
    with _named(f"s3://{bucket}/{prefix}"):
        client = connect()
        if bucket not in {found["Name"] for found in client.list_buckets()["Buckets"]}:
            return 0
        keys = [
            found["Key"]
            for page in client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=f"{prefix}/"
            )
            for found in page.get("Contents", ())
        ]
        for start in range(0, len(keys), 1000):
            objects = [{"Key": key} for key in keys[start : start + 1000]]
            client.delete_objects(Bucket=bucket, Delete={"Objects": objects})  # type: ignore[typeddict-item]  # the stubs want their own class
    return len(keys)


def verdict(bucket: str, prefix: str, number: int) -> Verdict | None:
    """A verdict in full, as the trainer wrote it; None where it wrote none."""
    key = f"{prefix}/attempts/{number}/verdict.json"
    with _named(f"s3://{bucket}/{key}"):
        client = connect()
        try:
            body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except client.exceptions.NoSuchKey:
            return None
    return Verdict.model_validate_json(body)


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StoreTrouble(f"S3 at {S3}, {what}: {error}") from error


def connect() -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=S3,
        region_name="us-east-1",
        aws_access_key_id=S3_USER,
        aws_secret_access_key=S3_PASSWORD,
        config=Config(connect_timeout=3, retries={"mode": "standard", "total_max_attempts": 3}),
    )
