"""Search for parameters: Hyperopt suggests, cross-validation scores."""
