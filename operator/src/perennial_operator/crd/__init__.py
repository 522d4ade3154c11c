"""CustomResourceDefinition of the ModelPipeline, generated from the models."""
