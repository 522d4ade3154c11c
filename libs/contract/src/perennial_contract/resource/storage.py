"""Section `storage`: the bucket, and what is kept in it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from perennial_contract.resource.file_uri import check_file_uri
from perennial_contract.resource.values import SecretReference, Section


class Retention(Section):
    versions: Annotated[int, Field(ge=2, le=10_000)] = 20
    """How many of the newest models are kept, besides those that serve, are pinned or are named
    in the status."""


class Storage(Section):
    endpoint: Annotated[
        str,
        StringConstraints(max_length=1024, pattern=r"^(https?://.+|file:.+)?$"),
        AfterValidator(check_file_uri),
    ] = ""
    """Address of the S3 server; empty for AWS. Without a cluster also file:///folder, where a
    bucket is a folder in it."""
    region: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "us-east-1"
    """The bucket's region."""
    path_style: bool = True
    """Whether the bucket is in the path rather than in the host name."""
    bucket: Annotated[str, StringConstraints(min_length=3, max_length=63)]
    """The bucket; it must exist."""
    prefix: Annotated[str, StringConstraints(max_length=512, pattern=r"^([^/].*[^/]|[^/])?$")] = ""
    """Where in the bucket this pipeline's objects lie; by default namespace/name."""
    secret_ref: SecretReference | None = None
    """A Secret with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for temporary credentials,
    AWS_SESSION_TOKEN; and with ca.crt where the server's certificate is signed by a CA of your
    own. Without these keys the pods have the identity that the cluster gives their
    ServiceAccount (template.serviceAccountName)."""
    retention: Retention = Field(default_factory=Retention)
    """What is kept."""
