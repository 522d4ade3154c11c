"""Loop on a laptop, without a cluster: the same resource, the same passes, the same programs."""
