"""Kafka clients behind the ports: the group's member, the producer, questions to the brokers."""
