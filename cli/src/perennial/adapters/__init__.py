"""Adapters of the command: servers, disks and child processes."""
