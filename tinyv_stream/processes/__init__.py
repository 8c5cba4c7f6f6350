"""Managed child processes, which die with their parent."""
