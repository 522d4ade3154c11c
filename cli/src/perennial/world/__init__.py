"""World that is streamed: rows with their labels, and what makes them true."""
