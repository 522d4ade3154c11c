"""Broker that a run starts by itself: its Go sources, and the plan by which they are built."""
