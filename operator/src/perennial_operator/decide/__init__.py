"""Decisions of a pass: which version serves, and which attempt runs; values in, changes out."""
