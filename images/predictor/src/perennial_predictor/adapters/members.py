"""Members of the consumer group, as their client ids tell whose they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from perennial_contract.settings import Settings

_OURS: Final = re.compile(r"^perennial\.([^.]*)\.([^.]+)\.([^.]+)$")
_UNNAMED: Final = "rdkafka"  # what a client without an id gets: a predictor of an older version


class Identity(NamedTuple):
    """A pipeline, as `objects.owner` tells one from another."""

    cluster: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name} in cluster {self.cluster or 'unknown'}"

    def is_another(self, other: Identity) -> bool:
        """An unknown cluster may be any."""
        differs = self.cluster and other.cluster and self.cluster != other.cluster
        return bool(differs) or self[1:] != other[1:]


class Others(NamedTuple):
    """Members of the group that are not this pipeline's."""

    pipelines: list[Identity]
    applications: list[str]
    """By their client ids."""


def identity_of(settings: Settings) -> Identity:
    return Identity(settings.cluster, settings.namespace, settings.name)


def client_id(identity: Identity) -> str:
    """None of its parts holds a dot; brokers of all ages take these characters."""
    return f"perennial.{'.'.join(identity)}"


def others(client_ids: Iterable[str], ours: Identity) -> Others:
    """Who but us is in the group, each once and in order."""
    ids = set(client_ids) - {_UNNAMED}
    known = {each: Identity(*match.groups()) for each in ids if (match := _OURS.match(each))}
    return Others(
        sorted({identity for identity in known.values() if identity.is_another(ours)}),
        sorted(ids - known.keys()),
    )
