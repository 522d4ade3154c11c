"""Counts beside the fates of records, under the names that they have in `/status`."""

from __future__ import annotations

from typing import Final

from perennial_recorder.join.fates import Fate

OBSERVATIONS: Final = "observations"  # that S3 has confirmed
AHEAD_RECORDS: Final = "ahead"  # records with a timestamp of more than an hour ahead of our clock
SKIPPED_OFFSETS: Final = "skipped"  # offsets that retention removed before they were read
INCOMPLETE: Final = (Fate.LOST_EVENT, Fate.LOST_LABEL, SKIPPED_OFFSETS)
"""Any of these means that observations are missing."""
