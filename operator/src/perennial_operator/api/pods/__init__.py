"""Pod template of a program: what a user may add to pods, and what is reserved."""
