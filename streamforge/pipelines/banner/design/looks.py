# ruff: noqa: E501 - word lists read better whole
"""How a banner should feel, and what follows from it: type, backgrounds, light or dark."""

from __future__ import annotations

import re

from msgspec import Struct

from streamforge.pipelines.banner.design.graph import Typography
from streamforge.pipelines.banner.design.strategy import ArchetypeId, BackgroundStyle, FontId, Mode, Tone
from streamforge.pipelines.banner.spec import BannerSpec


class Look(Struct, frozen=True):
    """What suits a tone: pairs of families, backgrounds, arrangements that it prefers, and the ground (None: either)."""

    types: tuple[Typography, ...]
    backgrounds: frozenset[BackgroundStyle]
    archetypes: frozenset[ArchetypeId]
    mode: Mode | None = None


def _pair(display: FontId, text: FontId, weight: int) -> Typography:
    return Typography(display=display, text=text, display_weight=weight)


LOOKS: dict[Tone, Look] = {
    "bold": Look(
        (_pair("anton", "inter", 400), _pair("oswald", "work-sans", 600), _pair("archivo", "archivo", 800), _pair("montserrat", "inter", 800), _pair("bebas-neue", "open-sans", 400)),
        frozenset(["diagonal-split", "bands", "solid", "dots", "panel"]),
        frozenset(["offer-hero", "badge", "split-panel", "stack-left", "footer-bar"]),
    ),
    "elegant": Look(
        (_pair("playfair-display", "inter", 700), _pair("lora", "source-sans-3", 600), _pair("raleway", "raleway", 600), _pair("playfair-display", "raleway", 600), _pair("montserrat", "montserrat", 600)),
        frozenset(["frame", "gradient", "panel", "arcs", "solid"]),
        frozenset(["framed", "editorial", "stack-centred", "split-panel"]),
    ),
    "playful": Look(
        (_pair("nunito", "nunito", 900), _pair("poppins", "poppins", 800), _pair("poppins", "nunito", 700), _pair("dm-sans", "dm-sans", 800)),
        frozenset(["dots", "waves", "arcs", "bands", "panel"]),
        frozenset(["badge", "stack-centred", "offer-hero", "footer-bar"]),
    ),
    "calm": Look(
        (_pair("lora", "source-sans-3", 600), _pair("dm-sans", "dm-sans", 700), _pair("nunito", "nunito", 800), _pair("playfair-display", "inter", 700), _pair("poppins", "inter", 600)),
        frozenset(["waves", "gradient", "glow", "arcs", "solid"]),
        frozenset(["stack-left", "stack-centred", "editorial", "footer-bar", "framed"]),
        "light",
    ),
    "romantic": Look(
        (_pair("playfair-display", "inter", 700), _pair("lora", "nunito", 700), _pair("playfair-display", "poppins", 600), _pair("raleway", "raleway", 700)),
        frozenset(["glow", "arcs", "frame", "waves", "gradient", "solid"]),
        frozenset(["framed", "stack-centred", "editorial", "badge", "offer-hero"]),
    ),
    "tech": Look(
        (_pair("space-grotesk", "inter", 700), _pair("inter", "inter", 800), _pair("manrope", "manrope", 800), _pair("archivo", "inter", 700), _pair("dm-sans", "dm-sans", 700)),
        frozenset(["glow", "gradient", "diagonal-split", "panel", "dots"]),
        frozenset(["stack-left", "side-by-side", "split-panel", "editorial", "footer-bar"]),
    ),
    "plain": Look(
        (_pair("poppins", "inter", 700), _pair("manrope", "manrope", 800), _pair("work-sans", "work-sans", 700), _pair("archivo", "source-sans-3", 700), _pair("lora", "open-sans", 700), _pair("montserrat", "inter", 800), _pair("dm-sans", "dm-sans", 800)),
        frozenset(["gradient", "waves", "arcs", "solid", "panel"]),
        frozenset(["stack-left", "side-by-side", "footer-bar", "split-panel", "editorial", "stack-centred", "offer-hero", "badge"]),
    ),
}  # fmt: skip
_OLD_STYLE = frozenset(["playfair-display", "raleway"])
_TONE_WORDS: tuple[tuple[Tone, str], ...] = (
    ("bold", r"\b(?:black friday|cyber monday|clearance|flash sale|bold|eye-catching|mega|festival|gym|sports?|butcher|race|marathon|rally)\b"),
    ("playful", r"\b(?:kids?|kid's|children|toys?|cute|funny|playful|party|pets?|puppy|kittens?|ice cream|circus|zoo|game|games|gaming)\b"),
    ("romantic", r"\b(?:valentine|wedding|love|romantic|mother's day|flowers?|bouquets?|florist)\b"),
    ("elegant", r"\b(?:luxury|prestigious|elegant|exclusive|premium|jewel\w*|real estate|fashion|perfume|wine|furniture|museum|gallery|opera|boutique|villa|penthouse)\b"),
    ("calm", r"\b(?:serene|calm|yoga|spa|wellness|dairy|milk|organic|natural|nature|health\w*|meditation|skincare|clinic|dentist|dental|therapy|hospice|charity|donat\w+)\b"),
    ("tech", r"\b(?:artificial intelligence|ai|tech\w*|software|app|cloud|data|webinar|cyber|developers?|engineers?|robot\w*|saas|api|platform|analytics)\b"),
)  # fmt: skip


def tone_of(spec: BannerSpec) -> Tone:
    """How the banner should feel, by the first family of words the brief uses."""
    for text in (spec.prompt, f"{spec.audience} {spec.purpose}"):
        for tone, words in _TONE_WORDS:
            if re.search(words, text, re.IGNORECASE):
                return tone
    return "plain"


def types_for(look: Look, offer: str) -> tuple[Typography, ...]:
    """Old-style figures are small: news that is a number is set in another face where there is one."""
    if not any(figure.isdigit() for figure in offer):
        return look.types
    return tuple(pair for pair in look.types if pair.display not in _OLD_STYLE) or look.types
