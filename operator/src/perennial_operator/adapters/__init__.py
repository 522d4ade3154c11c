"""Adapters to the API server, to the pods' HTTP ports, and to the operator's own probes."""
