"""Client of S3, with the credentials and the patience that a process has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, PartialCredentialsError

from perennial_contract.resource.storage import Storage
from perennial_contract.runtime.objects import StorageRefused, StoreError
from perennial_contract.runtime.s3_secret import ID, KEY, TOKEN, s3_authority, s3_keys
from perennial_contract.runtime.secrets import MountedSecret

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PATIENCE: Final = Config(
    connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3}
)
"""Of every question, those to whoever gives out an identity as well."""
_NODE: Final = "iam-role"  # botocore's name for the credentials of the machine


def connect(storage: Storage, secret: Path) -> S3Client:
    """A client with the credentials of a mounted Secret, else with the pod's own identity.

    Empty files count as none. The Secret's `ca.crt`, where there is one, is what the server's
    certificate is checked with.

    Raises:
        SecretRefused: The Secret holds what cannot be sent.
        StorageRefused: storage.endpoint is no address, or the environment holds half a key.
        StoreError: Who gives out the pod's identity is away.
    """
    name = storage.secret_ref.name if storage.secret_ref else ""
    mounted = MountedSecret("storage.secretRef", name, secret)
    keys, authority = s3_keys(mounted), s3_authority(mounted)
    config = Config(
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if storage.path_style else "auto"},
    )
    try:
        return _session(storage.region).client(
            "s3",
            endpoint_url=storage.endpoint or None,
            verify=authority,
            region_name=storage.region,
            aws_access_key_id=keys.get(ID),
            aws_secret_access_key=keys.get(KEY),
            aws_session_token=keys.get(TOKEN),
            config=config,
        )
    except ValueError as error:
        at = f"storage.endpoint {storage.endpoint}"
        raise StorageRefused(f"{at} cannot be used: {error}") from error
    except PartialCredentialsError as error:
        raise StorageRefused(
            f"the credentials in the environment are not whole: {error}"
        ) from error
    except BotoCoreError as error:
        raise StoreError(f"the pod was given no identity for S3: {error}") from error


def _session(region: str) -> boto3.Session:
    """Looks for an identity where a cluster puts it: in the environment, in files, at an agent.

    The machine's own identity is asked for only by who says AWS_EC2_METADATA_DISABLED=false: its
    address answers on one cloud alone, and elsewhere each look for it takes seconds.
    """
    core = botocore.session.get_session()
    core.set_default_client_config(_PATIENCE)
    if core.get_config_variable("region") is None:
        core.set_config_variable("region", region)
    if os.environ.get("AWS_EC2_METADATA_DISABLED", "true").lower() != "false":
        core.get_component("credential_provider").remove(_NODE)
    return boto3.Session(botocore_session=core)
