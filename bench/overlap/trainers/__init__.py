"""Trainers' own reward paths as modes: verl's on Ray and TRL's, each in a process of its own environment.

`process` is this side of the pipe; `verl_side` and `trl_side` run in the trainers' environments, where the one clock of
their steps is. Real packages only: an environment that is not there leaves its mode out, with the reason.
"""
