"""API of the operator: the ModelPipeline's spec and status, its names, reasons and Events."""
