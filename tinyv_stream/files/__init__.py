"""JSON lines in and out: rollouts and rewards."""
