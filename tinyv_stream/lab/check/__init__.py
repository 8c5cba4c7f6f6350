"""Check of a verifier before it may pay rewards: attacks, equal answers, refused pairs, determinism, cost."""
