"""Backgrounds: ten styles that know where the content is, and what an archetype puts behind parts of it.

All is geometry from the canvas and a seed: equal inputs give equal pictures.
"""

from __future__ import annotations

from msgspec.structs import replace

from streamforge.render.grounds.badge import badge, extent_of
from streamforge.render.grounds.ground import Ground, Mark, hull
from streamforge.render.grounds.styles import STYLES as _STYLES
from streamforge.render.grounds.styles import styled
from streamforge.render.grounds.surfaces import surfaces
from streamforge.render.scene import Shape

__all__ = ["STYLES", "Ground", "Mark", "background", "badge", "extent_of", "hull"]

STYLES = tuple(_STYLES)
"""The background styles there are."""


def background(style: str, ground: Ground) -> list[Shape]:
    """The shapes of a style and of the archetype's surfaces, bottom first; an unknown style is plain.

    Around a badge nothing is decorated in its colour: the two would run into one form.
    """
    found = surfaces(ground)
    decorated = replace(ground, accent=ground.quiet) if ground.archetype == "badge" and found else ground
    return [*styled(style, decorated), *found]
