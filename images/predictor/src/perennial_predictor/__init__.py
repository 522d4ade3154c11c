"""The predictor: answers events on Kafka with a model from S3."""
