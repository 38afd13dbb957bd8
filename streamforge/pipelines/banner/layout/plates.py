"""The grounds of their own that some texts stand on, and the room they need: it is part of the text's box."""

from __future__ import annotations

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.colour import contrast
from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.design.shapes import shape_of
from streamforge.pipelines.banner.layout.roles import setting_of
from streamforge.pipelines.banner.layout.stage import is_strip

_LABEL_PAD = 0.35
"""The rim of a label around its text, in type sizes."""
_BADGE_PAD = (0.42, 0.28)
"""The same of a badge, across and down. On a skyscraper it runs across the canvas, on a strip over its height."""
_READS = 4.5
"""The contrast at which any text can be read (WCAG 2.2, 1.4.3)."""


def is_badge(element: Element, design: Design) -> bool:
    """Whether a badge is painted around it."""
    return element.role == "offer" and design.archetype == "badge"


def has_label(element: Element, design: Design) -> bool:
    """Whether room is kept for a ground of its own: in its settled ink it can't be read on the design's ground.

    Headline and offer alone have one: whole sentences in boxes would be a form, no banner.
    """
    if element.ink is None or not setting_of(element).display or is_badge(element, design):
        return False
    return bool(element.text) and contrast(element.ink, design.palette.ground) < _READS


def label_pad(px: float) -> int:
    """How far (px) a label reaches beyond a text of that size."""
    return round(_LABEL_PAD * px)


def pad_of(element: Element, design: Design, px: float, size: Size) -> tuple[int, int]:
    """How far (px, across and down) the element's box reaches beyond its text of that size; a button's is its own."""
    if has_label(element, design):
        return label_pad(px), label_pad(px)
    if not is_badge(element, design):
        return 0, 0
    across, down = (round(share * px) for share in _BADGE_PAD)
    return (0 if shape_of(size) == "skyscraper" else across), (0 if is_strip(size) else down)
