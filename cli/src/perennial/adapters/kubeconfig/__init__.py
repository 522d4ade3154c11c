"""API server that a kubeconfig names: pipelines and Secrets as kubectl would see them."""
