"""Banner jobs over the real pool."""
