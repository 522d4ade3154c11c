"""Pod template: a closed set of what a user may add to the pods of a program.

The docstrings below the fields become `kubectl explain`.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from perennial_contract.resource.values import SecretReference, Section
from perennial_operator.api.pods.placement import Affinity, Toleration, TopologySpread
from perennial_operator.api.pods.reserved import (
    DataKey,
    File,
    Folder,
    FreeKey,
    Key,
    LabelValue,
    ObjectName,
    OptionalName,
    VariableName,
    VolumeName,
)


def _one_of(section: Section, *fields: str) -> None:
    if sum(getattr(section, field) is not None for field in fields) != 1:
        raise ValueError(f"exactly one of {', '.join(map(to_camel, fields))}")


class KeyReference(Section):
    name: ObjectName
    """Name of the Secret or ConfigMap."""
    key: DataKey
    """The key in it."""
    optional: bool = False
    """Whether it may be absent."""


class FieldReference(Section):
    field_path: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    """A field of the pod, such as spec.nodeName."""


class ValueSource(Section):
    secret_key_ref: KeyReference | None = None
    """A key of a Secret in the resource's namespace."""
    config_map_key_ref: KeyReference | None = None
    """A key of a ConfigMap in the resource's namespace."""
    field_ref: FieldReference | None = None
    """A field of the pod."""

    @model_validator(mode="after")
    def one_source(self) -> Self:
        _one_of(self, "secret_key_ref", "config_map_key_ref", "field_ref")
        return self


class Variable(Section):
    name: VariableName
    """The variable's name; none that decides what code the program runs, such as PYTHONPATH or
    LD_PRELOAD, and none of the operator's own, PERENNIAL_ and so on."""
    value: Annotated[str, StringConstraints(max_length=4096)] | None = None
    """Its value; $(NAME) refers to an earlier variable."""
    value_from: ValueSource | None = None
    """Where its value comes from instead."""

    @model_validator(mode="after")
    def not_both(self) -> Self:
        if self.value is not None and self.value_from is not None:
            raise ValueError("not both of value and valueFrom")
        return self


class Item(Section):
    key: DataKey
    """The key whose value is the file's content."""
    path: File
    """The file, relative to the volume."""


Items = Annotated[list[Item], Field(max_length=64)]


class SecretVolume(Section):
    secret_name: ObjectName
    """Name of a Secret in the resource's namespace."""
    items: Items = Field(default_factory=list)
    """Which keys become which files; by default each a file of its name."""
    optional: bool = False
    """Whether it may be absent."""


class ObjectVolume(Section):
    name: ObjectName
    """Name of the Secret or ConfigMap in the resource's namespace."""
    items: Items = Field(default_factory=list)
    """Which keys become which files; by default each a file of its name."""
    optional: bool = False
    """Whether it may be absent."""


class Projection(Section):
    secret: ObjectVolume | None = None
    """Files from a Secret."""
    config_map: ObjectVolume | None = None
    """Files from a ConfigMap."""

    @model_validator(mode="after")
    def one_source(self) -> Self:
        _one_of(self, "secret", "config_map")
        return self


class Projected(Section):
    sources: Annotated[list[Projection], Field(min_length=1, max_length=16)]
    """Secrets and ConfigMaps whose files lie in one folder."""


class Volume(Section):
    name: VolumeName
    """The volume's name; not data, kafka, kafka-ca, s3 or tmp."""
    mount_path: Folder
    """The folder where the program sees it, read-only; none of the operator's own."""
    secret: SecretVolume | None = None
    """A Secret, a file per key."""
    config_map: ObjectVolume | None = None
    """A ConfigMap, a file per key."""
    projected: Projected | None = None
    """Several of them in one folder."""

    @model_validator(mode="after")
    def one_source(self) -> Self:
        _one_of(self, "secret", "config_map", "projected")
        return self


class PodTemplate(Section):
    """What is added to the pods of a program; what is the operator's own cannot be changed."""

    labels: Annotated[dict[FreeKey, LabelValue], Field(max_length=32)] = Field(default_factory=dict)
    """Further labels of the pods; none under perennial.dev/ or app.kubernetes.io/."""
    annotations: Annotated[
        dict[FreeKey, Annotated[str, StringConstraints(max_length=4096)]], Field(max_length=32)
    ] = Field(default_factory=dict)
    """Further annotations of the pods; none under perennial.dev/ or app.kubernetes.io/."""
    node_selector: Annotated[dict[Key, LabelValue], Field(max_length=32)] = Field(
        default_factory=dict
    )
    """Labels of the nodes that the pods may run on."""
    tolerations: Annotated[list[Toleration], Field(max_length=32)] = Field(default_factory=list)
    """Taints that the pods tolerate."""
    affinity: Affinity | None = None
    """Which nodes and pods the pods run near to, or far from."""
    topology_spread_constraints: Annotated[list[TopologySpread], Field(max_length=8)] = Field(
        default_factory=list
    )
    """How the pods are spread over zones or nodes."""
    service_account_name: OptionalName = ""
    """The ServiceAccount that the pods run as, by default the namespace's own; its token for the
    API server is not mounted."""
    image_pull_secrets: Annotated[list[SecretReference], Field(max_length=16)] = Field(
        default_factory=list
    )
    """Secrets that images are pulled with."""
    priority_class_name: OptionalName = ""
    """The pods' PriorityClass."""
    runtime_class_name: OptionalName = ""
    """The pods' RuntimeClass."""
    env: Annotated[list[Variable], Field(max_length=64)] = Field(default_factory=list)
    """Further variables of the program's environment, such as a proxy's."""
    volumes: Annotated[list[Volume], Field(max_length=16)] = Field(default_factory=list)
    """Secrets and ConfigMaps that the program sees as files."""
    termination_grace_period_seconds: Annotated[int, Field(ge=1, le=3600)] | None = None
    """Seconds that a pod has to finish its work; 30, and 10 for a trainer, by default."""

    @model_validator(mode="after")
    def each_once(self) -> Self:
        for field, names in (
            ("env", [each.name for each in self.env]),
            ("volumes", [each.name for each in self.volumes]),
            ("volumes.mountPath", [each.mount_path for each in self.volumes]),
            ("imagePullSecrets", [each.name for each in self.image_pull_secrets]),
        ):
            if twice := [name for name, times in Counter(names).items() if times > 1]:
                raise ValueError(f"{field} has {', '.join(twice)} more than once")
        return self
