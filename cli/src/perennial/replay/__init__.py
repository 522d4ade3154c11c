"""Replay of dead letters: which events are sent again, and that each is sent once."""
