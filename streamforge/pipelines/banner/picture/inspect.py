"""Every check on a painted banner."""

from __future__ import annotations

from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout import room
from streamforge.pipelines.banner.layout.arrangement import Arrangement
from streamforge.pipelines.banner.picture.compose import Composition, frame_of
from streamforge.render import verify
from streamforge.render.image import Logo

_LEAST_TYPE_PX = 8
_LEAST_BUTTON_PX = 18
_LEADING_ROLES = frozenset(["headline", "offer"])
"""One of these at least says what the banner is about."""


def inspect(composition: Composition) -> list[verify.Finding]:
    """Every check on a painted composition."""
    arrangement, texts = composition.arrangement, composition.texts
    boxes = [(p.id, frame_of(p)) for p in arrangement.placements]
    logos = [box for box, p in zip(boxes, arrangement.placements, strict=True) if p.role == "logo"]
    words = [box for box, p in zip(boxes, arrangement.placements, strict=True) if p.role not in {"logo", "deco"}]
    found = [
        *verify.check_contrast(composition.bare, texts),
        *verify.check_overflow(texts),
        verify.check_stray_ink(composition.bare, composition.easel.pixels, texts),
        *verify.check_overlaps("text_overlap", words, []),
        *verify.check_margins(arrangement.size.width, arrangement.size.height, arrangement.margin, boxes),
        *_check_sizes(arrangement),
        *_check_completeness(composition.design, arrangement, composition.logo),
    ]
    if logos:
        found += verify.check_overlaps("logo_overlap", words, logos) if words else []
    return [*found, composition.logo_finding] if composition.logo_finding else found


def _check_sizes(arrangement: Arrangement) -> list[verify.Finding]:
    found = [
        verify.check_least("type_size", p.id, p.px, _LEAST_TYPE_PX, "use fewer words, so that the type can grow")
        for p in arrangement.placements
        if p.lines
    ]
    return found + [
        verify.check_least("button_height", p.id, p.height, _LEAST_BUTTON_PX, "give the button more room")
        for p in arrangement.placements
        if p.role == "cta"
    ]


def _check_completeness(design: Design, arrangement: Arrangement, logo: Logo | None) -> list[verify.Finding]:
    """What the banner does not show: vital texts (priority 1, or any headline or offer), characters no font has."""
    absent = _absent(design, arrangement)
    hint = _hint_for_absent(absent, design, arrangement, logo) if absent else ""
    found = [verify.check_least("present", name, 0, 1, hint, "elements") for name in absent]
    found += [
        verify.Finding("glyphs", name, count, 0, False, "characters", "leave out emoji and rare characters")
        for name, count in arrangement.lost.items()
    ]
    return found


def _absent(design: Design, arrangement: Arrangement) -> list[str]:
    """The vital texts that are not on the picture; ``headline`` where the design itself has none left."""
    shown = {placement.id for placement in arrangement.placements}
    vital = [e.id for e in design.elements if e.priority == 1 and e.text and e.id not in shown]
    leads = any(placement.role in _LEADING_ROLES and placement.lines for placement in arrangement.placements)
    return vital or ([] if leads else [e.id for e in design.elements if e.role == "headline"] or ["headline"])


def _hint_for_absent(absent: list[str], design: Design, arrangement: Arrangement, logo: Logo | None) -> str:
    if set(absent).isdisjoint(arrangement.dropped):
        return "say it in the prompt in words, in a script the fonts have"
    aspect = logo.width / logo.height if logo else None
    return room.way_out(room.least_canvas(design, arrangement.size, aspect))
