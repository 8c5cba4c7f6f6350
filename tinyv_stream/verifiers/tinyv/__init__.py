"""TinyV's models, prompts and read-out."""
