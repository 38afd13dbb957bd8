"""The design of a banner: a strategy and a constraint graph, by rule or by a model."""
