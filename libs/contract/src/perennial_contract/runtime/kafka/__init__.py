"""Kafka clients: records, refusals and trouble, and the writer of lifecycle messages."""
