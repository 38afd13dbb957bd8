"""The copy of a banner: what a brief says, and how a banner says it."""
