"""Client of S3, with the credentials and the patience that a process has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.objects import StorageRefused
from perennial_contract.runtime.s3_secret import s3_authority, s3_keys
from perennial_contract.runtime.secrets import MountedSecret

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def connect(storage: Storage, secret: Path) -> S3Client:
    """A client with the credentials of a mounted Secret, else those of boto3's default chain.

    Empty files count as none. The Secret's `ca.crt`, where there is one, is what the server's
    certificate is checked with.

    Raises:
        SecretRefused: The Secret holds what cannot be sent.
        StorageRefused: storage.endpoint is no address.
    """
    mounted = MountedSecret("storage.secretRef", storage.secret_ref.name, secret)
    keys, authority = s3_keys(mounted), s3_authority(mounted)
    config = Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 3},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if storage.path_style else "auto"},
    )
    try:
        return boto3.client(
            "s3",
            endpoint_url=storage.endpoint or None,
            verify=authority,
            region_name=storage.region,
            aws_access_key_id=keys.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=keys.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=keys.get("AWS_SESSION_TOKEN"),
            config=config,
        )
    except ValueError as error:
        at = f"storage.endpoint {storage.endpoint}"
        raise StorageRefused(f"{at} cannot be used: {error}") from error
