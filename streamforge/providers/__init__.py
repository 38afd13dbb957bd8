"""Outside models behind protocols, with errors translated in one table each."""
