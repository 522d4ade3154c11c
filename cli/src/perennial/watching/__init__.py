"""Watching of pipelines from outside their loops, for the page."""
