"""Commands: each opens the adapters that it needs, and hands them to the steps."""
