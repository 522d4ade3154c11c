"""Data of an attempt: rows in order, and which of them train and judge."""
