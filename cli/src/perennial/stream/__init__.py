"""Stream of one pipeline: which messages are due when, and how right their answers are."""
