"""Verifier models: evaluate them, make data for them, train them, and find what the rules got wrong.

Heavy libraries are imported inside functions, so that the command line stays quick.
"""
