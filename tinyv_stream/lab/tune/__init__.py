"""Training of a verifier on its reply token. Imports torch: reached only from inside functions."""
