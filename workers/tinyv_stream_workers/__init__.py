"""Programs that take work from the broker. Nothing imports them; they are reached through Redis only."""
