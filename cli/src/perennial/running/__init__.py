"""Running of any ModelPipeline on this machine: its topics, its Secrets, and what is told of it."""
