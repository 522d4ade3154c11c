"""Contract between the programs of Perennial; only `runtime/` talks to servers."""
