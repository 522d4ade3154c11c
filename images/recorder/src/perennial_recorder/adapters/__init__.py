"""Adapters of the ports: Kafka by confluent-kafka, the disk by SQLite."""
