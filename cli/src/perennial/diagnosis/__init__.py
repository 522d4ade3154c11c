"""Diagnosis of a pipeline before it exists: facts about its servers in, findings out."""
