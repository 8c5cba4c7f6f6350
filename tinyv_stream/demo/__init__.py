"""The demo: a replay of bundled completions, and its report."""
