"""Table of a user's own, streamed in the order of its rows."""
