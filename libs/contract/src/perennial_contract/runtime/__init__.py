"""Runtime that the programs share; each client stands behind an extra."""
