"""Observations of a pass: children, pods, reports and termination messages, as plain values."""
