# ruff: noqa: E501 - word lists read better whole
"""How a banner should feel, and what follows from it: type, backgrounds, light or dark."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from streamforge.pipelines.banner.design.graph import BackgroundStyle, Typography
from streamforge.pipelines.banner.design.palette import Mode
from streamforge.pipelines.banner.spec import BannerSpec

Tone = Literal["bold", "elegant", "playful", "calm", "romantic", "tech", "plain"]


class Look(Struct, frozen=True):
    """What suits a tone: pairs of families, backgrounds, and the ground (None: either)."""

    types: tuple[Typography, ...]
    backgrounds: frozenset[BackgroundStyle]
    mode: Mode | None = None


_INTER = Typography(display="inter", text="inter", display_weight=800)
_POPPINS = Typography(display="poppins", text="inter", display_weight=700)
_POPPINS_ALL = Typography(display="poppins", text="poppins", display_weight=800)
_MONTSERRAT = Typography(display="montserrat", text="inter", display_weight=800)
_MONTSERRAT_ALL = Typography(display="montserrat", text="montserrat", display_weight=700)
_OSWALD = Typography(display="oswald", text="inter", display_weight=600)
_PLAYFAIR = Typography(display="playfair-display", text="inter", display_weight=700)
_PLAYFAIR_SOFT = Typography(display="playfair-display", text="poppins", display_weight=600)

LOOKS: dict[Tone, Look] = {
    "bold": Look((_OSWALD, _MONTSERRAT, _INTER), frozenset({"diagonal-split", "bands", "solid", "dots"})),
    "elegant": Look((_PLAYFAIR, _PLAYFAIR_SOFT, _MONTSERRAT_ALL), frozenset({"frame", "gradient", "panel", "arcs"})),
    "playful": Look((_POPPINS_ALL, _POPPINS), frozenset({"dots", "waves", "arcs", "bands"})),
    "calm": Look((_PLAYFAIR, _POPPINS, _MONTSERRAT_ALL), frozenset({"waves", "gradient", "glow", "arcs"}), "light"),
    "romantic": Look(
        (_PLAYFAIR, _PLAYFAIR_SOFT, _MONTSERRAT_ALL, _POPPINS), frozenset({"glow", "arcs", "frame", "waves", "gradient"})
    ),
    "tech": Look((_INTER, _MONTSERRAT, _POPPINS), frozenset({"glow", "gradient", "diagonal-split", "panel", "dots"})),
    "plain": Look((_POPPINS, _MONTSERRAT, _INTER, _PLAYFAIR), frozenset({"gradient", "waves", "arcs", "solid"})),
}  # fmt: skip
_TONE_WORDS: tuple[tuple[Tone, str], ...] = (
    ("bold", r"\b(?:black friday|cyber monday|clearance|flash sale|bold|eye-catching|mega|festival|gym|sports?|butcher)\b"),
    ("playful", r"\b(?:kids?|kid's|children|toys?|cute|funny|playful|party|pets?|ice cream)\b"),
    ("romantic", r"\b(?:valentine|wedding|love|romantic|mother's day|flowers?|bouquets?)\b"),
    ("elegant", r"\b(?:luxury|prestigious|elegant|exclusive|premium|jewel\w*|real estate|fashion|perfume|wine|furniture)\b"),
    ("calm", r"\b(?:serene|calm|yoga|spa|wellness|dairy|milk|organic|natural|nature|health\w*|meditation|skincare)\b"),
    ("tech", r"\b(?:artificial intelligence|ai|tech\w*|software|app|cloud|data|webinar|cyber|developers?|engineers?|robot\w*|saas)\b"),
)  # fmt: skip


def tone_of(spec: BannerSpec) -> Tone:
    """How the banner should feel, by the first family of words the brief uses."""
    for text in (spec.prompt, f"{spec.audience} {spec.purpose}"):
        for tone, words in _TONE_WORDS:
            if re.search(words, text, re.IGNORECASE):
                return tone
    return "plain"


def types_for(look: Look, offer: str) -> tuple[Typography, ...]:
    """Playfair's old-style figures are small: news that is a number is set in another face where there is one."""
    if not any(figure.isdigit() for figure in offer):
        return look.types
    return tuple(pair for pair in look.types if pair.display != "playfair-display") or look.types
