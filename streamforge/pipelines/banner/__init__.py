"""Banners: brief to constraint graph, to layout, to verified picture."""
