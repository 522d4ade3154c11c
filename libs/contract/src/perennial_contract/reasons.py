"""Reasons that the programs give, each with a remedy for the person who reads it."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class ReasonWithRemedy(StrEnum):
    """A reason in CamelCase with its remedy: what it means and what to do."""

    remedy: str

    def __new__(cls, value: str, remedy: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.remedy = remedy
        return member


class ProgramReason(ReasonWithRemedy):
    """Reasons of predictor, recorder and trainer: for a problem, or for a verdict."""

    # What is missing or away: they go on by themselves when it is there
    TOPIC_MISSING = "TopicMissing", "Create the topic that the message names."
    TOPIC_REMADE = (
        "TopicRemade",
        "Nothing: a topic was deleted and recreated; it is read from its beginning.",
    )
    KAFKA_UNAVAILABLE = (
        "KafkaUnavailable",
        "Check that the brokers are running and that kafka.bootstrapServers names them.",
    )
    KAFKA_REFUSED = (
        "KafkaRefused",
        "Check the Secret of kafka.secretRef, its certificates, and the user's permissions.",
    )
    TRANSACTION_OPEN = (
        "TransactionOpen",
        "End the producer's transaction: kafka-transactions.sh finds (find-hanging) and aborts it.",
    )
    DELIVERY_FAILED = (
        "DeliveryFailed",
        "Check the topic that the message names: its answers are sent again until it accepts them.",
    )
    ANSWERS_REFUSED = (
        "AnswersRefused",
        "Raise max.message.bytes of the predictions topic; compacted, it takes none without a key.",
    )
    STORAGE_UNAVAILABLE = (
        "StorageUnavailable",
        "Check that the S3 server is running and that storage.endpoint is its address.",
    )
    STORAGE_REFUSED = (
        "StorageRefused",
        "Check the Secret of storage.secretRef, and that the server honours If-None-Match.",
    )
    BUCKET_MISSING = "BucketMissing", "Create the bucket that the message names."
    DATASET_MISSING = "DatasetMissing", "Upload the dataset to the address that the message names."
    MODEL_MISSING = (
        "ModelMissing",
        "Check whether somebody removed the version from the bucket; model.pin can name another.",
    )
    OBSERVATIONS_INCOMPLETE = (
        "ObservationsIncomplete",
        "Check whether somebody removed segments from the bucket: some are missing.",
    )
    CHECKPOINT_BROKEN = (
        "CheckpointBroken",
        "Remove the checkpoint that the message names: the recorder uses the one before it.",
    )
    DISK_FAILED = (
        "DiskFailed",
        "Make room on the node's disk, or move the pod to another node: it reads everything again.",
    )
    SEGMENT_BROKEN = (
        "SegmentBroken",
        "Restore the object that the message names, from a backup or an earlier version of it.",
    )

    CLOCK_WRONG = (
        "ClockWrong",
        "Set the clock of the recorder's node (NTP), or of those who write the records.",
    )

    # What only another configuration or storage fixes
    STORAGE_TAKEN = (
        "StorageTaken",
        "Set another storage.prefix, or remove what the other pipeline left there.",
    )
    GROUP_TAKEN = (
        "GroupTaken",
        "End the member that is named, or create this pipeline with another kafka.idPrefix.",
    )
    SETTINGS_REFUSED = (
        "SettingsRefused",
        "Fix the field or the Secret's key that the message names, or use an image that knows it.",
    )
    DATA_REFUSED = (
        "DataRefused",
        "Fix the dataset or the schema as the message says, then change retrain.request.",
    )
    BUNDLE_BROKEN = (
        "BundleBroken",
        "Nothing: the version is not used. If it happens again, check who writes to the bucket.",
    )

    # On the way
    MODEL_LOADING = "ModelLoading", "Nothing: a pod loads the model in its first seconds."
    GROUP_NOT_JOINED = "GroupNotJoined", "Nothing: a pod joins its group in its first seconds."
    TRAINER_FAILED = (
        "TrainerFailed",
        "Look at the log of the trainer's pod; the attempt runs again by itself.",
    )
    DEADLINE_EXCEEDED = (
        "DeadlineExceeded",
        "Raise trainer.deadline or the trainer's CPU, or lower optimizer.maxEvals.",
    )

    # Verdicts
    BETTER = "Better", "Nothing: the challenger was better and serves."
    FIRST_MODEL = "FirstModel", "Nothing: it beats the base rate and is the first to serve."
    CHAMPION_UNREADABLE = (
        "ChampionUnreadable",
        "Nothing: the champion could not be judged, and the new model beats the base rate.",
    )
    STILL_POOR = (
        "StillPoor",
        "Look at features and labels: the new model is better, but hardly better than a coin toss.",
    )
    NO_GAIN = "NoGain", "Nothing: no challenger was better; the champion stays."
    NOT_CONFIDENT = (
        "NotConfident",
        "Nothing: the gain may be chance; the next attempt has more rows to judge on.",
    )
    TOO_FEW_ROWS = (
        "TooFewRows",
        "Wait for more labels of both classes, or lower promotion.minJudged.",
    )
    NO_SIGNAL = (
        "NoSignal",
        "Look at features and labels: no model beats the base rate.",
    )
    ADOPTED = "Adopted", "Nothing: it continues with what an earlier resource of this name left."


class DeadLetter(ReasonWithRemedy):
    """Why a message cannot be used: the reason of a dead letter, or of a label's rejection."""

    EMPTY = "Empty", "Send a value: a message without one says nothing."
    NOT_JSON = (
        "NotJson",
        "Send JSON in UTF-8, at most 100 levels deep; events.filter leaves out what is no event.",
    )
    NOT_AN_OBJECT = "NotAnObject", "Send a JSON object: fields by their names."
    NO_RECORD = (
        "NoRecord",
        "Send an object at events.record, or correct events.record.",
    )
    NO_ID = (
        "NoId",
        "Send a string or a number where events.id or labels.id points, or correct these.",
    )
    NO_LABEL = "NoLabel", "Send a value that is not null at labels.value, or correct labels.value."
    ANSWER_REFUSED = (
        "AnswerRefused",
        "Raise max.message.bytes of the predictions topic; compacted, it takes none without a key.",
    )
