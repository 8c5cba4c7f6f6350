"""A small reader of mathematical text: tokens, a tree, values. No sympy, no eval, bounded in every direction.

- Only what is fully understood becomes a tree; anything else raises `Unreadable`, and the caller says "cannot tell".
- The tree holds numbers, symbols and operators from one list: nothing in it can name Python code.
"""
