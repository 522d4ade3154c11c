"""The words that conditions and Events give as their reason.

The programs add their own: TopicMissing, BucketMissing, StorageTaken, DatasetMissing, NoGain ...
"""

from __future__ import annotations

from typing import Final

# Conditions
READY: Final = "Ready"
ACCEPTED: Final = "Accepted"
SPEC_INVALID: Final = "SpecInvalid"
NAME_TAKEN: Final = "NameTaken"
CHILD_REFUSED: Final = "ChildRefused"
SERVING: Final = "Serving"
ATTEMPT_RUNNING: Final = "AttemptRunning"
ROLLING_OUT: Final = "RollingOut"
WAITING_FOR_LABELS: Final = "WaitingForLabels"
WAITING_FOR_ATTEMPT: Final = "WaitingForAttempt"
NO_MODEL: Final = "NoModel"
AVAILABLE: Final = "Available"
SCALING: Final = "Scaling"
STARTING: Final = "Starting"
NO_ANSWER: Final = "NoAnswer"
NOT_NEEDED: Final = "NotNeeded"
COMPLETE: Final = "Complete"
LABELS_LOST: Final = "LabelsLost"
LABELS_UNUSABLE: Final = "LabelsUnusable"

# Why a pod does not do its work
SECRET_MISSING: Final = "SecretMissing"  # noqa: S105  a reason
UNSCHEDULABLE: Final = "Unschedulable"
EVICTED: Final = "Evicted"
POD_GONE: Final = "PodGone"
DEADLINE_EXCEEDED: Final = "DeadlineExceeded"
BUNDLE_BROKEN: Final = "BundleBroken"
CRASHED_LOADING: Final = "CrashedLoading"

# Accepted turns False for these verdicts: nothing but another spec or storage helps
STORAGE_TAKEN: Final = "StorageTaken"
SETTINGS_REFUSED: Final = "SettingsRefused"

# A verdict on data: a change of spec or retrain.request tries again
DATA_REFUSED: Final = "DataRefused"

# Why an attempt is superseded
CHAMPION_REPLACED: Final = "ChampionReplaced"
SPEC_CHANGED: Final = "SpecChanged"

# Events; that of a verdict carries its outcome: Promoted, Rejected, Inconclusive ...
ATTEMPT_STARTED: Final = "AttemptStarted"
ATTEMPT_FAILED: Final = "AttemptFailed"
ATTEMPT_RETRIED: Final = "AttemptRetried"
ROLLOUT_COMPLETE: Final = "RolloutComplete"
ROLLED_BACK: Final = "RolledBack"

COMING_UP: Final = frozenset({"ModelLoading", "GroupNotJoined"})
"""What a predictor says of itself in its first seconds."""

PROGRESSING: Final = frozenset(
    {
        ATTEMPT_RUNNING,
        ROLLING_OUT,
        STARTING,
        NO_MODEL,
        WAITING_FOR_LABELS,
        WAITING_FOR_ATTEMPT,
        NO_ANSWER,
    }
)
"""Reasons that need nobody: any other is the better one for Ready."""
