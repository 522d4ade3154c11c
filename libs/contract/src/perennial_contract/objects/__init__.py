"""Objects on S3 as keys and bytes, without a client."""
