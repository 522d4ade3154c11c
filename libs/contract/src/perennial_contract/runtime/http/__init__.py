"""HTTP of the programs: one thread, few connections, and little patience with each."""
