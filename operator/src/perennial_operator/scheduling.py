"""Where the pods of a program may run, as in a pod of Kubernetes.

The docstrings below the fields become `kubectl explain`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from perennial_contract.resource.values import Section
from perennial_operator.affinity import LabelSelector
from perennial_operator.own import Key, LabelValue


class Match(StrEnum):
    EQUAL = "Equal"
    EXISTS = "Exists"


class Effect(StrEnum):
    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class Toleration(Section):
    key: Annotated[str, StringConstraints(max_length=317)] = ""
    """The taint's key; without one, and with operator Exists, every taint."""
    operator: Match = Match.EQUAL
    """Whether the taint has that value, or only that key."""
    value: LabelValue = ""
    """The taint's value, with Equal."""
    effect: Effect | None = None
    """Which effect of the taint; by default every one."""
    toleration_seconds: Annotated[int, Field(ge=0, le=10**9)] | None = None
    """How long NoExecute is tolerated; by default for ever."""


class WhenUnsatisfiable(StrEnum):
    DO_NOT_SCHEDULE = "DoNotSchedule"
    SCHEDULE_ANYWAY = "ScheduleAnyway"


class Honoring(StrEnum):
    HONOR = "Honor"
    IGNORE = "Ignore"


class TopologySpread(Section):
    max_skew: Annotated[int, Field(ge=1, le=256)]
    """By how many pods the domains may differ."""
    topology_key: Key
    """The node label whose values are the domains, such as topology.kubernetes.io/zone."""
    when_unsatisfiable: WhenUnsatisfiable
    """Whether a pod then waits, or runs where it is least uneven."""
    label_selector: LabelSelector | None = None
    """Which pods are counted; by default those of this program and this pipeline."""
    match_label_keys: Annotated[list[Key], Field(max_length=8)] = Field(default_factory=list)
    """Labels whose values must be the pod's own, such as pod-template-hash."""
    min_domains: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How many domains there are at least; with DoNotSchedule only."""
    node_affinity_policy: Honoring | None = None
    """Whether nodes that the pod's affinity excludes are counted; by default they are not."""
    node_taints_policy: Honoring | None = None
    """Whether nodes that the pod does not tolerate are counted; by default they are."""
