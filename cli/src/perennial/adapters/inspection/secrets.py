"""Secrets that a pipeline names, and whether its programs could use what they hold."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from perennial.adapters.kubeconfig.access import Access
from perennial.adapters.kubeconfig.trouble import NotFound
from perennial.adapters.machine.secret_folders import secrets_in
from perennial.diagnosis.facts import SecretFacts
from perennial.diagnosis.secrets import KAFKA, STORAGE, named
from perennial.diagnosis.subject import Subject
from perennial_contract.resource.file_uri import is_file
from perennial_contract.runtime.kafka.security import kafka_security
from perennial_contract.runtime.mounts import Mounts
from perennial_contract.runtime.s3_secret import s3_authority, s3_keys
from perennial_contract.runtime.secrets import MountedSecret, SecretRefused


class Secret(NamedTuple):
    content: Mapping[str, bytes]
    type: str = ""


Source = Callable[[str], Secret | None]
"""A Secret by its name; None where there is none."""


def in_folder(folder: Path) -> Source:
    """Those of a folder with a folder for each, and in it a file for each key."""
    read = secrets_in(folder)

    def secret(name: str) -> Secret | None:
        found = read(name)
        return None if found is None else Secret(found)

    return secret


def in_cluster(access: Access) -> Source:
    """Those of the access' namespace; raises ClusterTrouble."""

    def read(name: str) -> Secret | None:
        try:
            found = access.call("GET", f"api/v1/namespaces/{access.namespace}/secrets/{name}")
        except NotFound:
            return None
        content = {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
        return Secret(content, found.get("type", ""))

    return read


def read_secrets(subject: Subject, source: Source) -> dict[str, Secret | None]:
    """Each that the manifest names, once; raises what `source` raises."""
    return {name: source(name) for name in dict.fromkeys(each.name for each in named(subject))}


@contextmanager
def mounted(subject: Subject, held: Mapping[str, Secret | None]) -> Iterator[Mounts]:
    """Secrets of brokers and store where a program looks for them, readable by nobody else."""
    kafka, storage = subject.spec.kafka, subject.spec.storage
    with TemporaryDirectory(prefix="perennial-", ignore_cleanup_errors=True) as made:
        of_s3, of_kafka, of_ca = (Path(made, name) for name in ("s3", "kafka", "kafka-ca"))
        mounts = Mounts(s3=of_s3, kafka=of_kafka, kafka_ca=of_ca)
        for folder, reference in (
            (mounts.s3, storage.secret_ref),
            (mounts.kafka, kafka.secret_ref),
            (mounts.kafka_ca, kafka.ca_secret_ref),
        ):
            folder.mkdir()
            secret = held.get(reference.name) if reference else None
            for key, data in secret.content.items() if secret else ():
                (folder / key).write_bytes(data)
        yield mounts


def inspect_secrets(
    subject: Subject, held: Mapping[str, Secret | None], mounts: Mounts
) -> SecretFacts:
    """`mounts` are those of the same Secrets."""
    return SecretFacts(
        {name: frozenset(each.content) if each else None for name, each in held.items()},
        {name: each.type for name, each in held.items() if each and each.type},
        dict(_refused(subject, held, mounts)),
    )


def _refused(
    subject: Subject, held: Mapping[str, Secret | None], mounts: Mounts
) -> Iterable[tuple[str, str]]:
    """By field, why the programs would end; what is missing altogether is told otherwise."""
    kafka, storage = subject.spec.kafka, subject.spec.storage
    of_kafka = [each.name for each in (kafka.secret_ref, kafka.ca_secret_ref) if each]
    if of_kafka and all(held.get(name) for name in of_kafka):
        try:
            kafka_security(kafka, mounts)
        except SecretRefused as refused:
            field = str(refused).partition(" ")[0]
            yield field if field.startswith("kafka.") else KAFKA, str(refused)
    if storage.secret_ref and held.get(storage.secret_ref.name) and not is_file(storage.endpoint):
        secret = MountedSecret(STORAGE, storage.secret_ref.name, mounts.s3)
        try:
            s3_keys(secret)
            s3_authority(secret)
        except SecretRefused as refused:
            yield STORAGE, str(refused)
