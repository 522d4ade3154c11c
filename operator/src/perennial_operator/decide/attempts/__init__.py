"""Decisions about attempts: what triggers one, and what becomes of its end."""
