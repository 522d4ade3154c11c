"""Operator: watches ModelPipelines, and keeps their children, attempts and status."""
