"""Placement of pods: affinity, tolerations and topology spread, as in a pod of Kubernetes.

The docstrings below the fields become `kubectl explain`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from perennial_contract.resource.values import Section
from perennial_operator.api.pods.reserved import Key, LabelValue, ObjectName

Values = Annotated[list[LabelValue], Field(max_length=64)]
Weight = Annotated[int, Field(ge=1, le=100)]


class Comparison(StrEnum):
    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class NodeComparison(StrEnum):
    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    GT = "Gt"
    LT = "Lt"


class Requirement(Section):
    key: Key
    """The label's key."""
    operator: Comparison
    """How its value compares."""
    values: Values = Field(default_factory=list)
    """With In and NotIn."""


class LabelSelector(Section):
    match_labels: Annotated[dict[Key, LabelValue], Field(max_length=32)] = Field(
        default_factory=dict
    )
    """Labels with these values."""
    match_expressions: Annotated[list[Requirement], Field(max_length=32)] = Field(
        default_factory=list
    )
    """Further requirements; all must hold."""


class NodeRequirement(Section):
    key: Key
    """The key of the node's label, or the name of its field."""
    operator: NodeComparison
    """How its value compares."""
    values: Values = Field(default_factory=list)
    """With In and NotIn; one number with Gt and Lt."""


class NodeTerm(Section):
    match_expressions: Annotated[list[NodeRequirement], Field(max_length=32)] = Field(
        default_factory=list
    )
    """Requirements on the node's labels; all must hold."""
    match_fields: Annotated[list[NodeRequirement], Field(max_length=8)] = Field(
        default_factory=list
    )
    """Requirements on the node's fields; all must hold."""


class NodeSelector(Section):
    node_selector_terms: Annotated[list[NodeTerm], Field(min_length=1, max_length=16)]
    """One of them must hold."""


class PreferredNodes(Section):
    weight: Weight
    """Its weight, 1 to 100."""
    preference: NodeTerm
    """Which nodes."""


class NodeAffinity(Section):
    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    """The nodes that the pods may run on."""
    preferred_during_scheduling_ignored_during_execution: Annotated[
        list[PreferredNodes], Field(max_length=16)
    ] = Field(default_factory=list)
    """The nodes that they prefer."""


class PodTerm(Section):
    topology_key: Key
    """The node label whose values are the domains, such as kubernetes.io/hostname."""
    label_selector: LabelSelector | None = None
    """Which other pods."""
    namespaces: Annotated[list[ObjectName], Field(max_length=16)] = Field(default_factory=list)
    """Where these are; by default in the resource's namespace."""
    namespace_selector: LabelSelector | None = None
    """Where these are, by the labels of namespaces."""
    match_label_keys: Annotated[list[Key], Field(max_length=8)] = Field(default_factory=list)
    """Labels whose values must equal the pod's."""
    mismatch_label_keys: Annotated[list[Key], Field(max_length=8)] = Field(default_factory=list)
    """Labels whose values must differ from the pod's."""


class PreferredPods(Section):
    weight: Weight
    """Its weight, 1 to 100."""
    pod_affinity_term: PodTerm
    """Which pods, and how near."""


class PodAffinity(Section):
    required_during_scheduling_ignored_during_execution: Annotated[
        list[PodTerm], Field(max_length=16)
    ] = Field(default_factory=list)
    """What must hold where a pod runs."""
    preferred_during_scheduling_ignored_during_execution: Annotated[
        list[PreferredPods], Field(max_length=16)
    ] = Field(default_factory=list)
    """What should hold where a pod runs, if possible."""


class Affinity(Section):
    node_affinity: NodeAffinity | None = None
    """Which nodes."""
    pod_affinity: PodAffinity | None = None
    """Near which pods."""
    pod_anti_affinity: PodAffinity | None = None
    """Far from which pods."""


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
    """How long NoExecute is tolerated; by default forever."""


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
    """Labels whose values must equal the pod's, such as pod-template-hash."""
    min_domains: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How many domains there are at least; with DoNotSchedule only."""
    node_affinity_policy: Honoring | None = None
    """Whether nodes that the pod's affinity excludes are counted; by default they are not."""
    node_taints_policy: Honoring | None = None
    """Whether nodes that the pod does not tolerate are counted; by default they are."""
