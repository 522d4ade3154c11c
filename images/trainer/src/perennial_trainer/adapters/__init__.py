"""Clients of the trainer: MLflow, and a child process."""
