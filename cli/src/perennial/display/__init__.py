"""Display of a run in a terminal."""
