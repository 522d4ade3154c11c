"""The children of a ModelPipeline, one builder per kind: values in, a manifest out."""
