"""Join of events and labels: the rules, from bytes to matches, without any client."""
