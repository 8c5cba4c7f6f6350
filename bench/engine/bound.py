"""Upper bound on the speed-up over the reference, for an engine that computes each different token once.

A prompt's tokens are a path in a tree; a token whose whole path was computed before need not be computed again. That is
prefix caching with blocks of one token, on top of coalescing: vLLM's blocks are longer, so it computes more.
"""

from collections.abc import Iterable, Sequence


def least(prompts: Iterable[Sequence[int]]) -> int:
    """Return how many tokens have to be computed for these prompts; each needs its last one, for the reply."""
    seen: set[int] = set()
    total = 0
    for prompt in prompts:
        path = 0
        for place, token in enumerate(prompt):
            path = hash((path, place, token))
            if path not in seen or place == len(prompt) - 1:
                total += 1
            seen.add(path)
    return total
