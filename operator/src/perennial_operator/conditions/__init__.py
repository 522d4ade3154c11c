"""Conditions of a ModelPipeline, and its progress: what the status says for people."""
