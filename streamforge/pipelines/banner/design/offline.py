"""The designer that needs no model and no key: a brief to a whole design, by rule.

Equal briefs give equal designs: every choice is drawn from a seed that is the brief's own digest, unless the
brief sets one. Palette and type depend on the brief alone, so that all sizes of a campaign belong together;
the arrangement also depends on the canvas' shape.
"""

from __future__ import annotations

import hashlib
import random
import re
from typing import Protocol

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.archetypes import Archetype, Shape, fitting, regions, relate, shape_of
from streamforge.pipelines.banner.design.graph import (
    BackgroundStyle,
    Design,
    Element,
    ElementRole,
)
from streamforge.pipelines.banner.design.looks import LOOKS, Look, tone_of, types_for
from streamforge.pipelines.banner.design.palette import LogoColours, choose_palette
from streamforge.pipelines.banner.layout.roles import SETTINGS, least_px
from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words.copywriting import Copy, write_copy

DESIGNER = "offline"
_HERO_SHARE = 0.6
"""How often the offer leads when there is one."""
_NARROW_PX = 160
_TALL_LINES = 5
_TEXT_SHARE = 0.84
_LETTER_WIDTH = 0.66
"""A bold letter's mean width in type sizes."""
_LEAST_HEADLINE_PX = 9
_SLIM_PX = 200
_LOW_PX = 80
_LONG_PX = 900
_SMALL_PX2 = 60_000
_MEDIUM_PX2 = 110_000


class LogoFacts(LogoColours, Protocol):
    """What a designer may know of a logo (``streamforge.render.image.LogoFacts`` is one)."""

    @property
    def width(self) -> int:
        """Pixels of the visible part."""
        ...

    @property
    def height(self) -> int:
        """Pixels of the visible part."""
        ...


def design_offline(spec: BannerSpec, size: Size, logo: LogoFacts | None) -> Design:
    """A design for one canvas. Pure: no network, no clock, no file; equal arguments give equal designs."""
    seed = seed_of(spec)
    tone = tone_of(spec)
    look = LOOKS[tone]
    rng = random.Random(seed)  # noqa: S311 - a choice of looks, not a secret
    palette = choose_palette(spec.brand_colors, logo, rng, mode=look.mode)
    copy = write_copy(spec)
    typography = rng.choice(types_for(look, copy.offer))
    shape = shape_of(size)
    elements = _elements(copy, spec, size, shape, logo)
    archetype, background = _arrange(shape, elements, look, seed)
    return Design(
        designer=DESIGNER,
        archetype=archetype.name,
        background=background,
        palette=palette,
        typography=typography,
        elements=elements,
        relations=relate(archetype, elements),
        regions=regions(archetype),
        align=archetype.align,
        rationale=f"{tone} tone; {archetype.name} for a {shape} canvas; one message: {copy.headline}",
        seed=seed,
    )


def seed_of(spec: BannerSpec) -> int:
    """The brief's own seed, else a digest of what it says; the canvas does not count, so that sizes match."""
    if spec.seed is not None:
        return spec.seed
    said = "\x1f".join((spec.prompt, spec.brand_name, *spec.brand_colors, spec.audience, spec.purpose))
    return int.from_bytes(hashlib.blake2b(said.encode(), digest_size=4).digest(), "big") & 0x7FFFFFFF


def _arrange(shape: Shape, elements: list[Element], look: Look, seed: int) -> tuple[Archetype, BackgroundStyle]:
    rng = random.Random(f"{seed}:{shape}")  # noqa: S311 - a choice of looks, not a secret
    present = frozenset(element.id for element in elements)
    candidates = fitting(shape, present)
    heroes = [candidate for candidate in candidates if "offer" in candidate.needs]
    archetype = rng.choice(heroes if heroes and rng.random() < _HERO_SHARE else candidates)
    liked: tuple[BackgroundStyle, ...] = tuple(style for style in archetype.backgrounds if style in look.backgrounds)
    return archetype, rng.choice(liked or archetype.backgrounds)


_ROLES: dict[str, tuple[ElementRole, int, int]] = {
    "headline": ("headline", 1, 3),
    "logo": ("logo", 2, 1),
    "cta": ("cta", 2, 1),
    "offer": ("offer", 2, 2),
    "date": ("body", 4, 2),
    "sub": ("sub", 5, 3),
    "contact": ("contact", 6, 1),
    "phone": ("contact", 7, 2),
    "kicker": ("kicker", 8, 1),
}
"""Role, priority (small formats drop from the highest number) and most lines, by element id."""
_ORDER = ("logo", "kicker", "headline", "date", "sub", "offer", "cta", "contact", "phone")


def _elements(copy: Copy, spec: BannerSpec, size: Size, shape: Shape, logo: LogoFacts | None) -> list[Element]:
    texts = _texts(copy, size, shape)
    if logo is None:
        texts["kicker"] = _wordmark(spec, copy) or texts.get("kicker", "")
    kept = _budget(size, shape)
    return [
        _element(name, texts.get(name, ""), size)
        for name in _ORDER
        if (name == "logo" and logo is not None) or (name in kept and texts.get(name))
    ]


def _element(name: str, text: str, size: Size) -> Element:
    role, priority, lines = _ROLES[name]
    if name in {"headline", "sub"} and size.height > size.width:
        lines = _TALL_LINES
    least = _least_px(text, size) if name == "headline" else 0
    return Element(id=name, role=role, text=text, priority=priority, max_lines=lines, min_px=least)


def _least_px(text: str, size: Size) -> int:
    """Leave to set a headline smaller than usual where its longest word would not fit otherwise; 0 where it does."""
    longest = max((len(word) for word in text.split()), default=1)
    fitting = int(size.width * _TEXT_SHARE / (longest * _LETTER_WIDTH))
    return max(fitting, _LEAST_HEADLINE_PX) if fitting < least_px(SETTINGS["headline"], size) else 0


def _wordmark(spec: BannerSpec, copy: Copy) -> str:
    """Without a logo, the advertiser's name stands where a kicker would."""
    name = spec.brand_name.strip()
    return "" if not name or name.lower() in copy.headline.lower() else name


def _texts(copy: Copy, size: Size, shape: Shape) -> dict[str, str]:
    area = size.width * size.height
    small = area < _SMALL_PX2 or shape in {"strip", "short-strip", "micro"} or size.width < _SLIM_PX
    narrow = size.width <= _NARROW_PX or shape == "micro"
    phones = " · ".join(copy.phones)
    contact = copy.address or phones
    if re.match(r"call|contact", copy.cta, re.IGNORECASE) and copy.phones and not copy.code:
        contact, phones = (phones, copy.address)
    if copy.code:
        contact = f"Code {copy.code}" if not contact else f"{contact} · code {copy.code}"
    return {
        "headline": copy.headline_short if small else copy.headline,
        "kicker": copy.kicker,
        "date": copy.date,
        "sub": (copy.sub_short or (copy.sub if shape == "skyscraper" else "")) if small else copy.sub,
        "offer": copy.offer,
        "cta": copy.cta_short if narrow else copy.cta,
        "contact": contact,
        "phone": phones if phones != contact else "",
    }


def _budget(size: Size, shape: Shape) -> frozenset[str]:
    """The elements such a canvas has room for, before any measuring."""
    area = size.width * size.height
    always = {"logo", "headline", "cta"}
    if shape == "micro":
        return frozenset(always)
    if shape in {"compact", "short-strip"} or (shape == "strip" and size.height < _LOW_PX):
        return frozenset(always | {"offer"})
    if shape == "strip":
        return frozenset(always | {"offer", "sub"} | ({"contact"} if size.width >= _LONG_PX else set()))
    if area < _MEDIUM_PX2:
        return frozenset(always | {"offer", "sub", "contact", "date"})
    return frozenset(_ORDER)
