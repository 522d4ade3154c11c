"""Trainer of Perennial: one attempt to make a better model, as a Kubernetes Job."""
