"""Cluster in memory: objects as an API server keeps them, controllers and kubelet as functions."""
