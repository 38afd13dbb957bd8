"""Layout as a constraint problem: data in, coordinates out; no Redis, no configuration."""
