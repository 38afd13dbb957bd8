"""Colour themes for briefs that bring no colours of their own."""

from __future__ import annotations

from msgspec import Struct


class Theme(Struct, frozen=True):
    """A palette before its contrast is settled: two grounds, the accent of button and offer, and a decoration tone.

    ``ink`` is a wish for the text; where it is empty, the text is nearly black or white, with the accent's hue.
    """

    name: str
    ground: str
    ground_2: str
    accent: str
    decor: str
    ink: str = ""


CATALOGUE: tuple[Theme, ...] = (
    # Light, near white.
    Theme("linen", "#faf6ee", "#f1e6d3", "#c2410c", "#e8b48a"),
    Theme("mist", "#f2f6fa", "#dbe7f4", "#1d4ed8", "#97bdec"),
    Theme("sage", "#f1f6f0", "#d9ebd9", "#166534", "#93c79e"),
    Theme("blush", "#fdf2f3", "#f9dde2", "#be123c", "#f2a0b1"),
    Theme("lilac", "#f5f1fb", "#e5d9f8", "#6d28d9", "#baa0ec"),
    Theme("seaglass", "#e9f7f5", "#c8ece6", "#0f766e", "#7dcfc4"),
    Theme("peach", "#fff1e6", "#ffd9bd", "#b4235a", "#fdb384"),
    Theme("chalk", "#f7f7f4", "#e9e9e2", "#111827", "#f5b800"),
    Theme("porcelain", "#ffffff", "#eef2ff", "#4338ca", "#ff8a65"),
    # Light, full of colour.
    Theme("butter", "#ffe08a", "#ffd05c", "#7c2d12", "#ffb02e"),
    Theme("sunflower", "#ffd23f", "#ffc61a", "#1b1f3b", "#ff9f1c"),
    Theme("mint", "#b8f2dc", "#95e8c9", "#0b3d2e", "#4fcf9f"),
    Theme("sky", "#bfe3ff", "#9dd3ff", "#0b3c7d", "#5fb2f5"),
    Theme("coral-light", "#ffcfc2", "#ffb9a6", "#7a1230", "#ff8f73"),
    # Dark, near black.
    Theme("navy", "#0f1f3d", "#19305f", "#ffb703", "#34569b"),
    Theme("forest", "#10291f", "#1a4130", "#f2c14e", "#2e7150"),
    Theme("plum", "#2a1233", "#441f52", "#ff8fab", "#74397f"),
    Theme("graphite", "#17181c", "#25272e", "#4ade80", "#454a57"),
    Theme("oxblood", "#34110f", "#521c17", "#ffd166", "#87342a"),
    Theme("petrol", "#06282d", "#0c424b", "#ff9f6b", "#1d7079"),
    # Dark, full of colour.
    Theme("cobalt", "#1d3fbb", "#1834a0", "#ffd60a", "#3f66e8"),
    Theme("violet", "#5b21b6", "#4c1d95", "#fde047", "#8b50e6"),
    Theme("emerald", "#04603f", "#054e35", "#ffe27a", "#0c8a5b"),
    Theme("crimson", "#a3122f", "#870f28", "#ffe8a3", "#cf2b4b"),
    Theme("teal", "#0b5c66", "#094b54", "#ffcf70", "#128391"),
    Theme("aubergine", "#4a1942", "#3b1335", "#ffb4a2", "#7a2e6d"),
)
"""Light first, then dark; every role is still settled by ``palette.settle``."""
THEMES = {theme.name: theme for theme in CATALOGUE}
