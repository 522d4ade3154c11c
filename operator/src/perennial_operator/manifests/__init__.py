"""Manifests of a ModelPipeline's children, one builder per kind: values in, a manifest out."""
