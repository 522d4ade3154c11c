"""Contest of models: candidates, their losses on the same rows, and the decision."""
