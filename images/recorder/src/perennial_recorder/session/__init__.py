"""Session of the recorder: what it reads and writes between two starts, discarded together."""
