"""Killable processes in which graders run: fork server, process pool, limits."""
