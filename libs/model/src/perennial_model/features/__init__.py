"""Features of a model: inferred from rows, and encoded as a matrix."""
