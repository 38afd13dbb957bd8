"""The picture of a banner: a scene composed from a layout, inspected and delivered."""
