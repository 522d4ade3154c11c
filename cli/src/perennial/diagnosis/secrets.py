"""Secrets that a manifest names, their keys, and what else its pods need of their namespace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from perennial.diagnosis.defect import Defect, Path
from perennial.diagnosis.facts import SecretFacts
from perennial.diagnosis.subject import Subject
from perennial_contract.resource.file_uri import is_file
from perennial_contract.runtime.s3_secret import ID, KEY
from perennial_contract.runtime.secrets import AUTHORITY
from perennial_operator.api.names import COMPONENTS
from perennial_operator.api.pods.template import PodTemplate
from perennial_operator.api.reasons import Reason

STORAGE: Final = "storage.secretRef"
KAFKA: Final = "kafka.secretRef"
KAFKA_CA: Final = "kafka.caSecretRef"
_DOCKER: Final = frozenset({"kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"})


class Named(NamedTuple):
    """A Secret, where a manifest names it, and the keys that it must have."""

    path: Path
    name: str
    keys: tuple[str, ...] = ()
    pulls: bool = False
    """Whether images are pulled with it."""


def named(subject: Subject) -> list[Named]:
    """All Secrets that the pods cannot start without, in the order of the manifest."""
    spec = subject.spec
    found = []
    if spec.kafka.secret_ref:
        found.append(Named(("spec", "kafka", "secretRef"), spec.kafka.secret_ref.name))
    if spec.kafka.ca_secret_ref:
        found.append(Named(("spec", "kafka", "caSecretRef"), spec.kafka.ca_secret_ref.name))
    if spec.storage.secret_ref and not is_file(spec.storage.endpoint):
        found.append(Named(("spec", "storage", "secretRef"), spec.storage.secret_ref.name))
    for program in COMPONENTS:
        template = getattr(spec, program).template
        found += _of_template(("spec", program, "template"), template)
    return found


def _of_template(path: Path, template: PodTemplate) -> Iterator[Named]:
    for number, each in enumerate(template.image_pull_secrets):
        yield Named((*path, "imagePullSecrets", number), each.name, pulls=True)
    for number, variable in enumerate(template.env):
        key = variable.value_from and variable.value_from.secret_key_ref
        if key and not key.optional:
            where = ("env", number, "valueFrom", "secretKeyRef")
            yield Named((*path, *where), key.name, (key.key,))
    for number, volume in enumerate(template.volumes):
        at: Path = (*path, "volumes", number)
        if volume.secret and not volume.secret.optional:
            keys = tuple(item.key for item in volume.secret.items)
            yield Named((*at, "secret"), volume.secret.secret_name, keys)
        for place, source in enumerate(volume.projected.sources if volume.projected else ()):
            if source.secret and not source.secret.optional:
                keys = tuple(item.key for item in source.secret.items)
                below = (*at, "projected", "sources", place, "secret")
                yield Named(below, source.secret.name, keys)


def secrets(subject: Subject, facts: SecretFacts) -> Iterator[Defect]:
    for each in named(subject):
        if each.name not in facts.keys:
            continue
        keys = facts.keys[each.name]
        if keys is None:
            yield Defect(
                each.path, f"Secret {each.name} does not exist", Reason.SECRET_MISSING.remedy
            )
            continue
        for key in each.keys:
            if key not in keys:
                yield Defect(
                    each.path,
                    f"Secret {each.name} has no key {key}",
                    "Add the key to the Secret, or name another.",
                )
        if each.pulls and facts.types.get(each.name, next(iter(_DOCKER))) not in _DOCKER:
            yield Defect(
                each.path,
                f"Secret {each.name} is of type {facts.types[each.name]}: no image is pulled with"
                " it",
                "Make it with kubectl create secret docker-registry.",
            )
    yield from _empty(subject, facts)
    for field, why in facts.refused.items():
        yield Defect(("spec", *field.split(".")), why, "Correct the key of the Secret.")


def _empty(subject: Subject, facts: SecretFacts) -> Iterator[Defect]:
    """Secrets that are there and hold nothing that the programs look for."""
    spec = subject.spec
    storage, kafka = spec.storage.secret_ref, spec.kafka.secret_ref
    keys = facts.keys.get(storage.name) if storage and not is_file(spec.storage.endpoint) else None
    if storage and keys is not None and not keys & {ID, KEY, AUTHORITY}:
        yield Defect(
            ("spec", "storage", "secretRef"),
            f"Secret {storage.name} has no key {ID} and no {KEY}"
            + (f": it has {', '.join(sorted(keys))}" if keys else ""),
            "Add the two keys to the Secret.",
        )
    keys = facts.keys.get(kafka.name) if kafka else None
    if kafka and keys is not None and not keys:
        yield Defect(
            ("spec", "kafka", "secretRef"),
            f"Secret {kafka.name} holds no key",
            "Add the client's security properties, such as sasl.username, or remove secretRef.",
        )
