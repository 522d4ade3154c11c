"""ModelPipeline as one pass sees it."""

from __future__ import annotations

from datetime import datetime

from perennial_contract.resource.values import Section
from perennial_operator.api.spec import Spec
from perennial_operator.api.status import Status


class RolloutSource(Section):
    """What the pods of a rollout were made from."""

    revision: str
    """The ControllerRevision that holds it."""
    image: str
    """The operator's image of the predictor at that time."""
    spec: Spec


class Pipeline(Section):
    """A ModelPipeline as one pass sees it."""

    uid: str
    namespace: str
    name: str
    created: datetime
    generation: int
    cluster: str = ""
    """UID of the namespace kube-system."""
    paused: bool = False
    """Whether nothing but the status may be written."""
    revision: str = ""
    """The ControllerRevision that holds the spec."""
    invalid: str = ""
    """Why the newest spec is not the one that is acted on, which is then the last valid one."""
    good: RolloutSource | None = None
    """What the pods of the model that serves were made from, when it is known."""
    spec: Spec
    status: Status
