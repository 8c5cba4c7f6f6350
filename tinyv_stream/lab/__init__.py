"""Laboratory for verifier models: evaluation, data synthesis, training, and analysis of rule errors.

Heavy libraries are imported inside functions, so that the command line stays quick.
"""
