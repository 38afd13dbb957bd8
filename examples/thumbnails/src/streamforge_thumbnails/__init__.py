"""Thumbnails, a contact sheet, and a gallery that publishes it: an example pipeline for StreamForge."""
