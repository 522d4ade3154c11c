"""Names on the API server: group, kind, components, labels and annotations."""

from __future__ import annotations

from typing import Any, Final

GROUP: Final = "perennial.dev"
VERSION: Final = "v1alpha1"
PLURAL: Final = "modelpipelines"
KIND: Final = "ModelPipeline"
PREDICTOR: Final = "predictor"
RECORDER: Final = "recorder"
TRAINER: Final = "trainer"
COMPONENTS: Final = (PREDICTOR, RECORDER, TRAINER)
PIPELINE_LABEL: Final = f"{GROUP}/pipeline"
COMPONENT_LABEL: Final = f"{GROUP}/component"
MODEL_ANNOTATION: Final = f"{GROUP}/model"
TEMPLATE_ANNOTATION: Final = f"{GROUP}/template"  # digest of the pod template but for the model
SPEC_ANNOTATION: Final = f"{GROUP}/spec"  # digest of what a Job was made from
KEEP_ANNOTATION: Final = f"{GROUP}/keep"  # versions that a Job leaves alone
PAUSED_ANNOTATION: Final = f"{GROUP}/paused"
MANAGER: Final = "perennial"  # of the fields that we apply

Manifest = dict[str, Any]
"""An object of the API server, as JSON."""
