"""Validation of a manifest's file: what would be refused, what may bite, and in which line."""
