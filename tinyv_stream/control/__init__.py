"""Control of a running pool: which model its TinyV workers run, and whether they sleep."""
