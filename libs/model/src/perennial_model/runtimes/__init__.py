"""Runtimes of models: one module for each library that fits and scores them."""
