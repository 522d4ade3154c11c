"""Machine that a loop runs on: its disk, and the processes of pods."""
