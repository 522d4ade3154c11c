"""The sections of a ModelPipeline that more than one program reads.

The docstrings below the fields become `kubectl explain`, and the bounds become the API server's.
"""
