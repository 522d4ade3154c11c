"""Documents and messages of an attempt: inputs, verdict, manifest, announcements."""
