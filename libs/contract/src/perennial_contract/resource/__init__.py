"""Sections of a ModelPipeline; their field docstrings become `kubectl explain`."""
