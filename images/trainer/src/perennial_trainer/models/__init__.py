"""Models of the trainer: fitted, published, and deleted when they are old."""
