"""Client: what a Python program calls, as commands/ are what a terminal calls."""
