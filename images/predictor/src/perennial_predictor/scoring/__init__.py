"""Events in, answers and dead letters out: computed from a model, without any client."""
