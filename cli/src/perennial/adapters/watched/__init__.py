"""Places that `perennial ui` looks at: the folder of a run, and the records of its topics."""
