"""Backgrounds: ten styles that know where the content is, and what an archetype puts behind parts of it.

All is geometry from the canvas and a seed: equal inputs give equal pictures.
"""

from __future__ import annotations

from streamforge.render.grounds.ground import Ground, Mark, hull
from streamforge.render.grounds.styles import STYLES as _STYLES
from streamforge.render.grounds.surfaces import surfaces
from streamforge.render.scene import Shape

__all__ = ["STYLES", "Ground", "Mark", "background", "hull"]

STYLES = tuple(_STYLES)
"""The background styles there are."""


def background(style: str, ground: Ground) -> list[Shape]:
    """The shapes of a style and of the archetype's surfaces, bottom first; an unknown style is plain."""
    return [*_STYLES.get(style, _STYLES["solid"])(ground), *surfaces(ground)]
