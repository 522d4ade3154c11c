"""Tasks of models: what labels mean as numbers, and how a prediction is scored."""
