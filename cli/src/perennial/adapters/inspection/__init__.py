"""Inspection of what a pipeline needs, as it is: Secrets, brokers, store, dataset, API server."""
