"""Report of a run: what is seen of it, what is read back at its end, and in which words."""
