"""The recorder: joins events and labels into observations on S3."""
