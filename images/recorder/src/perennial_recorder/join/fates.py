"""Fates of a record: what may become of it, as counted in `/status`."""

from __future__ import annotations

from enum import StrEnum


class Fate(StrEnum):
    """`JOINED` counts labels; the observations themselves are counted by what is written."""

    GIVEN_UP = "given_up"  # an event whose label did not come in time
    UNLABELLED = "unlabelled"  # an event that carries no label where labels lie inside events
    DUPLICATE_EVENT = "duplicate_event"
    UNREADABLE_EVENT = "unreadable_event"
    LOST_EVENT = "lost_event"
    FILTERED = "filtered"  # no event: what events.filter leaves alone, and our own answers
    JOINED = "joined"  # a label that became part of an observation
    DUPLICATE_LABEL = "duplicate_label"
    CONFLICTING_LABEL = "conflicting_label"
    EXCESS_LABEL = "excess_label"  # too many wait under its id
    LATE_LABEL = "late_label"
    ORPHAN_LABEL = "orphan_label"
    NULL_LABEL = "null_label"
    UNREADABLE_LABEL = "unreadable_label"
    REJECTED_LABEL = "rejected_label"  # neither of the two classes
    LOST_LABEL = "lost_label"
