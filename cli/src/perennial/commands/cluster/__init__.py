"""Commands on a ModelPipeline of a cluster, by way of the kubeconfig."""
