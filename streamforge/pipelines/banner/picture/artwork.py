"""The pictures that come with an order, decoded: the logo in the variant that suits the ground, the hero picture.

A set asks for the same pictures on every canvas, so a pool child keeps the last few that it has decoded.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec
import numpy as np

from streamforge.pipelines.banner.design.brief import HeroFacts, LogoFacts
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.order import Order
from streamforge.render import logo as logos
from streamforge.render import photo as photos
from streamforge.render.colour import Pixels, contrasts, luminance, luminance_of, parse
from streamforge.render.logo import Logo, load_logo
from streamforge.render.photo import Photo, load_photo
from streamforge.render.scene import Frame

_DARK = 0.179
"""The relative luminance at which black and white show equally well: (L + .05)^2 = 1.05 x .05."""
_READABLE, _BETTER = 2.6, 1.6
"""A name needs more contrast than a shape; a panel of its own has to be worth it."""
_SHOWS = 2.0
"""The contrast of most of a logo with its ground from which the variant made for that ground is taken as it is."""


def logo_of(order: Order, design: Design) -> Logo | None:
    """The order's logo where the design shows one, in the variant that suits the palette's ground.

    On a dark ground that is ``logo_on_dark``, on any other ``logo``; where it would hardly show, and the other variant
    shows better, it is the other. Raises AssetRejected with ``field`` and a hint.
    """
    if all(element.role != "logo" for element in design.elements):
        return None
    usual = None if order.logo is None else _logo(order.logo, "logo")
    on_dark = None if order.logo_on_dark is None else _logo(order.logo_on_dark, "logo_on_dark")
    if usual is None or on_dark is None:
        return usual or on_dark
    ground = luminance_of(parse(design.palette.ground))
    meant, other = (on_dark, usual) if ground < _DARK else (usual, on_dark)
    shown = shows(meant, ground)
    return meant if shown >= _SHOWS or shown >= shows(other, ground) else other


def shows(logo: Logo, ground: float) -> float:
    """The contrast with a ground of this luminance that three quarters of the logo's opaque pixels exceed; 1 to 21."""
    opaque = logo.pixels[logo.pixels[..., 3] >= 128][:, :3]  # noqa: PLR2004 - half of 255
    if not opaque.size:
        return 1.0
    step = max(1, len(opaque) // 20_000)
    return float(np.percentile(contrasts(luminance(opaque[::step]), ground), 25))


def is_dim(logo: Logo, canvas: Pixels, frame: Frame) -> bool:
    """Whether a part of a logo, its name perhaps, is hard to read on what lies behind it and easy to read on paper."""
    top, left = max(round(frame.y), 0), max(round(frame.x), 0)
    under = canvas[top : top + max(1, round(frame.height)), left : left + max(1, round(frame.width)), :3]
    behind = float(luminance(under.reshape(-1, 3)).mean())
    seen = shows(logo, behind)
    return seen < _READABLE and shows(logo, 1.0) > _BETTER * seen


def hero_of(order: Order, design: Design) -> Photo | None:
    """The order's hero picture where the design shows one. Raises AssetRejected with ``field="hero"`` and a hint."""
    if order.hero is None or all(element.role != "hero" for element in design.elements):
        return None
    return _photo(order.hero)


def logo_facts(data_uri: str, field: str = "logo") -> LogoFacts:
    """What a designer may know of a logo. Raises AssetRejected with that field and a hint."""
    return msgspec.convert(logos.facts(_logo(data_uri, field)), LogoFacts, from_attributes=True)


def hero_facts(data_uri: str, field: str = "hero") -> HeroFacts:
    """What a designer may know of a hero picture. Raises AssetRejected with that field and a hint."""
    return msgspec.convert(photos.photo_facts(load_photo(data_uri, field)), HeroFacts, from_attributes=True)


@lru_cache(maxsize=4)
def _logo(data_uri: str, field: str) -> Logo:
    return load_logo(data_uri, field)


@lru_cache(maxsize=1)
def _photo(data_uri: str) -> Photo:
    return load_photo(data_uri)
