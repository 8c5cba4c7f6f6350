"""Asynchronous streaming reward pipeline for RL post-training: submit rollouts, await rewards."""
