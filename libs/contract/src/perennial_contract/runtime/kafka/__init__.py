"""Kafka clients: their settings, headers and refusals, and the writer of lifecycle messages."""
