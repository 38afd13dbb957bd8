"""The designer that needs no model and no key: a brief to a strategy, a strategy to a graph, by rule.

Equal briefs give equal designs: every choice is drawn from a seed that is the brief's own digest, unless the brief sets
one.
"""

from __future__ import annotations

import re
from typing import get_args

import anyio.to_thread

from streamforge.pipelines.banner.canvas import Canvas, Size
from streamforge.pipelines.banner.design.adapt import adapt
from streamforge.pipelines.banner.design.archetypes import ARCHETYPES, fitting, layout_of
from streamforge.pipelines.banner.design.brief import Attempt, Brief, LogoFacts, Patch, Written
from streamforge.pipelines.banner.design.graph import Design, Element, ElementRole, Typography
from streamforge.pipelines.banner.design.looks import LOOKS, Look, tone_of, types_for
from streamforge.pipelines.banner.design.mending import mended
from streamforge.pipelines.banner.design.palette import choose_id, choose_mode, palette_of
from streamforge.pipelines.banner.design.relations import offer_goes_on, relate
from streamforge.pipelines.banner.design.seeds import chance, seed_of
from streamforge.pipelines.banner.design.shapes import LYING, shape_of
from streamforge.pipelines.banner.design.strategy import ArchetypeId, BackgroundStyle, FontId, ReadingPath, Strategy
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words.copywriting import Copy, write_copy

DESIGNER = "offline"
_OFFER_LEADS = 0.6
"""How often the offer leads when there is one."""
_BADGE_LETTERS = 18
"""A longer offer, or one without a figure, does not lead: it would crowd out what it is on."""
_LINE = 200
_SHORT = 120


class OfflineDesigner:
    """The rules as a ``Designer``: pure, some ten milliseconds, no tokens.

    They run in a thread: telling a language by a model takes a second, once, in which the event loop must go on.
    """

    @property
    def name(self) -> str:
        """``offline``."""
        return DESIGNER

    async def strategise(self, brief: Brief) -> Written[Strategy]:
        """One strategy for every size of the brief."""
        return Written(await anyio.to_thread.run_sync(strategy_for, brief))

    async def draw(self, brief: Brief, strategy: Strategy) -> Written[Design]:
        """The graph for ``brief.size``."""
        return Written(await anyio.to_thread.run_sync(graph_for, brief, strategy))

    async def mend(self, brief: Brief, design: Design, history: list[Attempt]) -> Written[Patch]:
        """A patch for what the last attempt's violations name."""
        return Written(await anyio.to_thread.run_sync(mended, brief, design, history))


def design_offline(spec: BannerSpec, size: Size, logo: LogoFacts | None) -> Design:
    """Strategy, graph and adaptation at once, for one canvas."""
    kit = spec.brand_kit if isinstance(spec.brand_kit, BrandKit) else BrandKit()
    brief = Brief(spec=spec, size=size, kit=kit, logo=logo)
    return adapt(graph_for(brief, strategy_for(brief)), brief, Canvas(size=size))


def strategy_for(brief: Brief) -> Strategy:
    """What the brief asks for, as choices from the catalogues."""
    spec, copy = brief.spec, write_copy(brief.spec)
    tone = tone_of(spec)
    look = LOOKS[tone]
    mode = choose_mode(brief, look.mode)
    archetype = _archetype(brief, copy, look)
    typography = _typography(brief, copy, look)
    leads = archetype == "offer-hero"
    return Strategy(
        audience=spec.audience[:_LINE] or "everybody who passes by",
        message=(copy.offer if leads else copy.headline)[:_LINE] or "-",
        action=copy.cta[:_LINE],
        hierarchy=["offer", "headline", "cta"] if leads else ["headline", *(["offer"] if copy.offer else []), "cta"],
        reading_path=_path(archetype, brief.size),
        tone=tone,
        mode=mode,
        archetype=archetype,
        background=_background(brief, archetype, look),
        palette=choose_id(brief, mode),
        display_font=typography.display,
        text_font=typography.text,
        display_weight=typography.display_weight,
        rationale=f"{tone} tone; {archetype}; one message: {copy.headline}"[:600],
    )


def graph_for(brief: Brief, strategy: Strategy) -> Design:
    """The whole graph: every element the brief gives words for, related for the shape of ``brief.size``."""
    seed, shape = seed_of(brief.spec), shape_of(brief.size)
    elements = _elements(brief, write_copy(brief.spec))
    layout = layout_of(strategy.archetype, shape, seed)
    related = relate(
        layout,
        elements,
        brief.hero,
        size=(brief.size.width, brief.size.height),
        offer_goes_on=offer_goes_on(brief.spec.prompt, elements),
    )
    return Design(
        designer=DESIGNER,
        archetype=strategy.archetype,
        background=strategy.background,
        palette=palette_of(strategy, brief),
        typography=Typography(
            display=strategy.display_font, text=strategy.text_font, display_weight=strategy.display_weight
        ),
        elements=elements,
        relations=related.relations,
        regions=related.regions,
        align=related.align,
        rationale=strategy.rationale,
        seed=seed,
        strategy=strategy,
        shape=shape,
    )


def _archetype(brief: Brief, copy: Copy, look: Look) -> ArchetypeId:
    """One that the words can fill; the offer leads more often than not, and the tone has its favourites."""
    texts = {"offer": copy.offer, "cta": copy.cta, "headline": copy.headline}
    roles = {role for role, text in texts.items() if text} | ({"hero"} if brief.hero else set[str]())
    options: list[ArchetypeId] = fitting(frozenset(roles))
    if len(copy.offer) > _BADGE_LETTERS or not any(figure.isnumeric() for figure in copy.offer):
        options = [option for option in options if "offer" not in ARCHETYPES[option].needs]
    rng = chance(brief.spec, "archetype")
    loud: list[ArchetypeId] = [option for option in options if "offer" in ARCHETYPES[option].needs]
    if loud and rng.random() < _OFFER_LEADS:
        return rng.choice(loud)
    liked: list[ArchetypeId] = [option for option in options if option in look.archetypes]
    return rng.choice(liked or options)


def _background(brief: Brief, archetype: ArchetypeId, look: Look) -> BackgroundStyle:
    styles = ARCHETYPES[archetype].backgrounds
    return chance(brief.spec, "background").choice([style for style in styles if style in look.backgrounds] or styles)


def _typography(brief: Brief, copy: Copy, look: Look) -> Typography:
    """The kit's families where it names them; else a pair that suits the tone."""
    pair = chance(brief.spec, "type").choice(types_for(look, copy.offer))
    families: dict[str, FontId] = {family: family for family in get_args(FontId)}
    return Typography(
        display=families.get(brief.kit.display_font, pair.display),
        text=families.get(brief.kit.text_font, pair.text),
        display_weight=pair.display_weight,
    )


def _path(archetype: ArchetypeId, size: Size) -> ReadingPath:
    if shape_of(size) in LYING:
        return "left-right"
    return _PATHS.get(archetype, "top-down")


_PATHS: dict[ArchetypeId, ReadingPath] = {
    "stack-centred": "centre-out",
    "framed": "centre-out",
    "side-by-side": "z",
    "footer-bar": "z",
}
_ROLES: dict[str, tuple[ElementRole, int, int]] = {
    "hero": ("hero", 3, 1),
    "logo": ("logo", 3, 1),
    "kicker": ("kicker", 8, 1),
    "headline": ("headline", 1, 3),
    "date": ("body", 4, 2),
    "sub": ("sub", 5, 3),
    "more": ("sub", 8, 3),
    "offer": ("offer", 2, 2),
    "cta": ("cta", 2, 1),
    "contact": ("contact", 6, 1),
    "phone": ("contact", 7, 2),
    "legal": ("legal", 6, 2),
}
"""Role, priority (small formats drop from the highest number) and most lines, by element id, in reading order."""


def _elements(brief: Brief, copy: Copy) -> list[Element]:
    contact, phone = _contacts(copy)
    kicker = _beside_logo(brief, copy) if brief.logo else _wordmark(brief, copy) or copy.kicker
    texts: dict[str, tuple[str, str]] = {
        "kicker": (kicker, ""),
        "headline": (copy.headline, copy.headline_short),
        "date": (copy.date, ""),
        "sub": (copy.sub, copy.sub_short),
        "more": (copy.more, ""),
        "offer": (copy.offer, ""),
        "cta": (copy.cta, copy.cta_short),
        "contact": (contact, ""),
        "phone": (phone, ""),
        "legal": (copy.legal, ""),
    }
    shown = {"logo": brief.logo is not None, "hero": brief.hero is not None}
    return [
        _element(name, *texts.get(name, ("", ""))) for name in _ROLES if shown.get(name) or texts.get(name, ("", ""))[0]
    ]


def _element(name: str, text: str, short: str) -> Element:
    role, priority, lines = _ROLES[name]
    other = short if short != text and len(short) <= _SHORT else ""
    return Element(id=name, role=role, text=text, short=other, priority=priority, max_lines=lines)


def _beside_logo(brief: Brief, copy: Copy) -> str:
    """The logo says the name already."""
    name = brief.spec.brand_name or brief.kit.name
    return "" if copy.kicker.casefold() == name.casefold() else copy.kicker


def _wordmark(brief: Brief, copy: Copy) -> str:
    """Without a logo, the advertiser's name stands where a kicker would."""
    name = brief.spec.brand_name.strip() or brief.kit.name.strip()
    return "" if not name or name.lower() in copy.headline.lower() else name


def _contacts(copy: Copy) -> tuple[str, str]:
    """The line for the address and the one for the telephone, the one that the button asks for first."""
    phones = " · ".join(copy.phones)
    contact = copy.address or phones
    if re.match(r"call|contact", copy.cta, re.IGNORECASE) and copy.phones and not copy.code:
        contact, phones = (phones, copy.address)
    if copy.code:
        contact = f"Code {copy.code}" if not contact else f"{contact} · code {copy.code}"
    return contact, "" if phones == contact else phones
