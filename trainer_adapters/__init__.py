"""One file per trainer; each translates names and shapes for one shared client, and holds no logic."""
