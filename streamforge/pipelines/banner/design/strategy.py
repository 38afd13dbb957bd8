"""The strategy: what a designer decides before there is a layout, once for all sizes of a set.

Everything is a choice from a catalogue or a few words, so no font, colour or arrangement can be invented.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

FontId = Literal[
    "inter",
    "poppins",
    "montserrat",
    "oswald",
    "playfair-display",
    "roboto",
    "open-sans",
    "source-sans-3",
    "manrope",
    "dm-sans",
    "lora",
    "raleway",
    "bebas-neue",
    "space-grotesk",
    "anton",
    "nunito",
    "work-sans",
    "archivo",
]
"""Families for headlines and texts; scripts that they lack fall back to Noto."""
BackgroundStyle = Literal[
    "solid", "gradient", "diagonal-split", "panel", "arcs", "dots", "waves", "frame", "bands", "glow"
]
ArchetypeId = Literal[
    "stack-left",  # one column of text at the left, room to breathe at the right
    "stack-centred",  # one centred column
    "split-panel",  # text on a panel that takes one side
    "offer-hero",  # the offer is the largest thing there is
    "badge",  # the offer in a badge beside the text
    "framed",  # centred inside a frame
    "editorial",  # large headline, small supporting column
    "side-by-side",  # text at one side, button and contact at the other
    "footer-bar",  # a bar below carries button and contact
    "hero-image",  # a picture takes a side or the whole ground
]
Tone = Literal["bold", "elegant", "playful", "calm", "romantic", "tech", "plain"]
Mode = Literal["light", "dark"]
ReadingPath = Literal["top-down", "left-right", "centre-out", "z"]
PaletteId = Annotated[str, Meta(max_length=24)]
"""``brand`` (the brief's or the kit's), ``logo`` or ``hero`` (the picture's own), or a theme of the catalogue."""
Line = Annotated[str, Meta(max_length=200)]


class Strategy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom it speaks to, the one thing it says, what comes first, and the look that follows.

    ``hierarchy`` names roles, the most important first. ``display_font`` sets headlines, ``text_font`` the rest.
    """

    audience: Line
    message: Line
    action: Line = ""
    hierarchy: Annotated[list[str], Meta(min_length=1, max_length=6)]
    reading_path: ReadingPath = "top-down"
    tone: Tone = "plain"
    mode: Mode = "light"
    archetype: ArchetypeId
    background: BackgroundStyle
    palette: PaletteId
    display_font: FontId
    text_font: FontId
    display_weight: Annotated[int, Meta(ge=300, le=900)] = 700
    rationale: Annotated[str, Meta(max_length=600)] = ""
