"""What jobs produce: one folder a product, each a recipe of checkpointed steps."""
