"""Brokers of a pipeline that runs elsewhere: clients for them, and what its topics hold."""
