"""Messages on Kafka as bytes: how they are read and written, without a client."""
