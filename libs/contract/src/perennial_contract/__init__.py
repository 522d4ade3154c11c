"""What two programs of Perennial must agree on, and nothing else.

Pure but for two adapters that all images share: `store` (S3) and `http` (the status server).
"""
