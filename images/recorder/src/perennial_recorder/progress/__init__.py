"""Progress of a recorder: ledgers of what is read, segments to be written, checkpoints of both."""
