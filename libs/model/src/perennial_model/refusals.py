"""Refusal of data, wherever the data is read."""

from __future__ import annotations


class DataRefused(Exception):  # noqa: N818  named as the verdict's reason
    """Data that no model can be fitted on; the message names column, row (from 1) and value."""
