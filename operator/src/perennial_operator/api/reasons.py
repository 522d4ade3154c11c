"""Reasons of a pipeline's conditions and Events, each with its remedy.

The programs add their own (`perennial_contract.reasons`), Kubernetes its words for pods.
"""

from __future__ import annotations

from typing import Final

from perennial_contract.reasons import ProgramReason, ReasonWithRemedy


class Reason(ReasonWithRemedy):
    """What the operator says of a pipeline."""

    # All is well, or on its way
    READY = "Ready", "Nothing: the pipeline answers and learns."
    ACCEPTED = "Accepted", "Nothing: the spec is valid."
    SERVING = "Serving", "Nothing: the model that should serve does."
    AVAILABLE = "Available", "Nothing: all pods work."
    NOT_NEEDED = "NotNeeded", "Nothing: the spec has no labels."
    COMPLETE = "Complete", "Nothing: no label was lost."
    SCALING = "Scaling", "Nothing: pods answer, and more of them are on their way."
    STARTING = "Starting", "Wait for the pods; if it lasts, look at them with kubectl describe."
    ROLLING_OUT = "RollingOut", "Nothing: pods with the new version or setting are on their way."
    ATTEMPT_RUNNING = "AttemptRunning", "Nothing: a model is being trained."
    WAITING_FOR_ATTEMPT = "WaitingForAttempt", "Nothing: the first trigger starts an attempt."
    WAITING_FOR_LABELS = (
        "WaitingForLabels",
        "Wait for retrain.threshold labelled observations, or give a dataset.",
    )
    NO_MODEL = "NoModel", "Wait for the first model: ModelAvailable says what it waits for."
    NO_ANSWER = (
        "NoAnswer",
        "If it lasts, check that no NetworkPolicy keeps the operator from the pods' port 8080.",
    )

    # What somebody has asked for
    PAUSED = "Paused", "Remove the annotation perennial.dev/paused to continue."
    SUSPENDED = "Suspended", "Set retrain.suspend to false to let attempts start again."
    PIN_UNAVAILABLE = (
        "PinUnavailable",
        "Set model.pin to a good version that is in the bucket, or clear it.",
    )
    CANDIDATE_WAITS = (
        "CandidateWaits",
        "Set promotion.approve to the version that status.candidate names, to let it serve.",
    )
    APPROVAL_REFUSED = (
        "ApprovalRefused",
        "Set promotion.approve to the version that status.candidate names, or clear it.",
    )

    # What somebody must fix
    SPEC_INVALID = (
        "SpecInvalid",
        "Fix the field that the message names; the last valid spec stays in force.",
    )
    DEFINITION_OUTDATED = (
        "DefinitionOutdated",
        "Apply the CustomResourceDefinition of the operator's version; all goes on meanwhile.",
    )
    NAME_TAKEN = (
        "NameTaken",
        "Delete the object that the message names, or give the ModelPipeline another name.",
    )
    CHILD_REFUSED = (
        "ChildRefused",
        "Check quotas, Pod Security and admission policies: the message quotes the API server.",
    )
    LABELS_LOST = (
        "LabelsLost",
        "Look at the recorder's log; raise recorder.storeLimit or the topics' retention.ms.",
    )
    OBSERVATIONS_LOST = (
        "ObservationsLost",
        "Restore the bucket; or delete the ModelPipeline and apply it again, to count anew.",
    )
    LABELS_UNUSABLE = (
        "LabelsUnusable",
        "Check the fields that the message names: most labels could not be used.",
    )
    SECRET_MISSING = "SecretMissing", "Create the Secret that the message names."

    # Why a pod does not do its work
    UNSCHEDULABLE = (
        "Unschedulable",
        "Make room in the cluster, or ask for less CPU and memory in the spec.",
    )
    INIT_CONTAINER_FAILED = (
        "InitContainerFailed",
        "Look at the log of the init container that the message names.",
    )
    REPORT_INVALID = (
        "ReportInvalid",
        "Use images that fit the operator: the pod's answer is not taken, and counts as silence.",
    )
    EVICTED = (
        "Evicted",
        "If it lasts, ask in the spec for as much as the pod uses: the message says of what.",
    )
    POD_GONE = "PodGone", "Nothing: the attempt runs again by itself."
    NODE_LOST = (
        "NodeLost",
        "Bring the node back; if it is off for good, kubectl delete node frees its pods.",
    )
    DISRUPTED = (
        "Disrupted",
        "Nothing: the node was drained or needed; the attempt runs again at once.",
    )
    CRASHED_LOADING = (
        "CrashedLoading",
        "Nothing: the version is rolled back and not tried again.",
    )

    TEMPLATE_HELD_BACK = (
        "TemplateHeldBack",
        "Nothing: the edit takes effect with the next version, or at once with a further edit.",
    )

    # How an attempt ended; the message and status.history say why
    PROMOTED = "Promoted", "Nothing: a better model will serve."
    CANDIDATE = "Candidate", "Set promotion.approve to its version, to let it serve."
    REJECTED = "Rejected", "Nothing: no challenger was better; the champion stays."
    INCONCLUSIVE = "Inconclusive", "Nothing: there was too little to judge by; the champion stays."
    REFUSED = "Refused", "Fix what the message names, then change retrain.request."
    SUPERSEDED = "Superseded", "Nothing: the next attempt answers the same trigger."
    ADOPTED = "Adopted", "Nothing: it continues with what an earlier resource of this name left."
    CHAMPION_REPLACED = (
        "ChampionReplaced",
        "Nothing: what the attempt was judged against no longer serves; another attempt follows.",
    )
    SPEC_CHANGED = "SpecChanged", "Nothing: an attempt with the new spec follows."

    # Events on the way
    ATTEMPT_STARTED = "AttemptStarted", "Nothing: a trigger was due."
    ATTEMPT_FAILED = (
        "AttemptFailed",
        "Fix what the message names; the same attempt runs again by itself.",
    )
    ATTEMPT_RETRIED = "AttemptRetried", "Nothing: the same attempt runs again."
    ROLLOUT_COMPLETE = "RolloutComplete", "Nothing: every pod answers with the version."
    ROLLED_BACK = (
        "RolledBack",
        "Nothing: the last good version serves; check the trainer's image if it happens again.",
    )
    APPROVED = "Approved", "Nothing: the candidate was approved and will serve."
    FORGIVEN = "Forgiven", "Set model.pin to the version that was forgiven, to let it serve."
    CANDIDATE_DROPPED = (
        "CandidateDropped",
        "Nothing: what it was judged against no longer serves; the next attempt judges again.",
    )


OF_CONTAINERS: Final = frozenset(
    {"OOMKilled", "ContainerCannotRun", "StartError", "ContainerStatusUnknown", "Error"}
)
"""Kubernetes' own words for how a container ended, as far as we count by them."""

COMING_UP: Final = frozenset(
    {ProgramReason.MODEL_LOADING, ProgramReason.GROUP_NOT_JOINED, Reason.STARTING}
)
"""What is said of a predictor in its first seconds."""

HOPELESS: Final = frozenset({ProgramReason.STORAGE_TAKEN, ProgramReason.SETTINGS_REFUSED})
"""Accepted turns False for these verdicts: nothing but another spec or storage helps."""

PROGRESSING: Final = frozenset(
    {
        Reason.ATTEMPT_RUNNING,
        Reason.ROLLING_OUT,
        Reason.STARTING,
        Reason.NO_MODEL,
        Reason.WAITING_FOR_LABELS,
        Reason.WAITING_FOR_ATTEMPT,
        Reason.NO_ANSWER,
    }
)
"""Reasons that need nobody: any other is the better one for Ready."""
