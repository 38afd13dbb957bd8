"""Every check on a painted banner, and the field's measures of its layout.

What is checked is what was painted: the ink of every text, found again with the painter, beside the boxes that the
layout asked for. Nothing of the layout's own code is used, so that a fault in it cannot hide here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import asdict, replace

from streamforge.pipelines.banner.canvas import Canvas, Size
from streamforge.pipelines.banner.design.graph import Design, Region
from streamforge.pipelines.banner.layout import room
from streamforge.pipelines.banner.layout.arrangement import Arrangement
from streamforge.pipelines.banner.layout.roles import style_of
from streamforge.pipelines.banner.picture.compose import Composition, frame_of
from streamforge.render import fonts, ocr, padding, verify
from streamforge.render.checks import CheckName, Finding, finding
from streamforge.render.cleaning import missing
from streamforge.render.ink import ink_of
from streamforge.render.logo import Logo
from streamforge.render.metrics import Box, layout_metrics, void
from streamforge.render.scene import Frame, Text

LEAST_TYPE_PX, LEAST_LEGAL_PX = 8, 7
LEAST_CTA_PX, LEAST_LARGE_CTA_PX, _LARGE_SIDE_PX = 18, 24, 250
LEAST_CAP = {
    "headline": 0.024,
    "offer": 0.02,
    "sub": 0.011,
    "body": 0.011,
    "cta": 0.012,
    "kicker": 0.009,
    "contact": 0.009,
    "legal": 0.006,
}
"""The least height of capitals by role, as a share of the canvas' mean side: large canvases are shown reduced."""
_THIN = 3
"""Of a canvas that is longer than this many short sides, that many count."""
LEAST_LOGO, LEAST_LOGO_PX = 0.04, 8
"""The least short side of a logo, as a share of the canvas' short side, and in px."""
_LEADING_ROLES = frozenset(["headline", "offer"])
"""One of these at least says what the banner is about."""
_FREE_ROLES = frozenset(["deco", "hero"])
"""What may lie under others and run over the edge."""


_OF_PLACE: frozenset[CheckName] = frozenset(
    [
        "text_overlap",
        "cta_overlap",
        "logo_overlap",
        "plate_overlap",
        "plate_padding",
        "off_canvas",
        "region",
        "margin",
        "safe_zone",
        "logo_clear_space",
    ]
)
"""Checks that an element may fail by where it stands."""


_OF_TYPE: frozenset[CheckName] = frozenset(["type_size", "cap_height"])
_OF_COLOUR: frozenset[CheckName] = frozenset(["contrast", "logo_contrast"])


class Inspection(Struct, frozen=True):
    """What was measured on a banner: findings held against limits, and measures that gate nothing, by name.

    ``metrics`` has those of ``render.metrics`` that are defined for the banner, and ``cta_contrast``, the least
    contrast of a button with its ground (WCAG 2.2, 1.4.11 asks 3 where nothing else tells the button apart), and
    ``void``, the longest empty stretch of the picture.
    """

    findings: list[Finding]
    metrics: dict[str, float]


class _Subject:
    """A composition as verification sees it: places by what they are, and the ink of every text."""

    def __init__(self, composition: Composition) -> None:
        self.composition, self.order = composition, composition.order
        self.arrangement, self.canvas = composition.arrangement, composition.order.canvas
        self.inks = [ink_of(text) for text in composition.texts]
        lines = {ink.text.id: tuple(ink.line_bounds()) for ink in self.inks}
        placed = [p for p in self.arrangement.placements if p.role not in _FREE_ROLES]
        self.all = [verify.Place(p.id, frame_of(p), lines.get(p.id, ())) for p in placed]
        roles = {p.id: p.role for p in placed}
        pinned = {element.id for element in composition.design.elements if element.x is not None}
        self.free = [each for each in self.all if each.id not in pinned]
        """Places that the layout chose; who pins an element may have it in the margin."""
        self.logos = [each for each in self.all if roles[each.id] == "logo"]
        self.buttons = [each for each in self.all if roles[each.id] == "cta"]
        self.words = [each for each in self.all if roles[each.id] not in {"logo", "cta"}]


def inspect(composition: Composition, *, read_words: bool = False) -> Inspection:
    """Every check on a painted composition, and its layout's metrics; with ``read_words`` its words are read back."""
    subject = _Subject(composition)
    found = [
        *_check_ink(subject),
        *_check_places(subject),
        *_check_sizes(subject),
        *_check_logo(subject),
        *_check_completeness(composition.design, composition.arrangement, composition.logo),
    ]
    if read_words:
        found.append(ocr.check_words(composition.pixels, composition.texts))
    return Inspection([_hinted(each, composition) for each in found], _metrics(subject))


def _check_ink(subject: _Subject) -> list[Finding]:
    bare, painted, inks = subject.composition.bare, subject.composition.pixels, subject.inks
    return [
        *verify.check_contrast(bare, painted, inks),
        *verify.check_overflow(inks),
        verify.check_stray_ink(bare, painted, inks),
    ]


def _check_places(subject: _Subject) -> list[Finding]:
    size, margin = subject.arrangement.size, subject.arrangement.margin
    found = verify.check_overlaps("text_overlap", subject.words)
    if subject.buttons and subject.words:
        found += verify.check_overlaps("cta_overlap", subject.buttons, subject.words)
    found += verify.check_margins(size.width, size.height, margin, subject.free)
    found += verify.check_within("off_canvas", Frame(0, 0, size.width, size.height), subject.all)
    if any(asdict(subject.canvas.safe).values()):
        found += verify.check_within("safe_zone", _safe_frame(subject.canvas), subject.free)
    return [*found, *_check_plates(subject), *_check_paddings(subject), *_check_regions(subject)]


def _check_plates(subject: _Subject) -> list[Finding]:
    """Whether what lies under one element leaves the others and the canvas' edges alone."""
    size = subject.arrangement.size
    return [
        verify.check_plate(
            verify.Place(name, frame),
            Frame(0, 0, size.width, size.height),
            [each for each in subject.all if each.id != name],
        )
        for name, frame in subject.composition.underlays.items()
    ]


def _check_paddings(subject: _Subject) -> Iterator[Finding]:
    """Whether what stands on a ground of its own has room on it: badges, labels and buttons by their texts, plates."""
    composition, size = subject.composition, subject.arrangement.size
    for ink in subject.inks:
        name = ink.text.id
        if name in composition.padded:
            found = padding.check_padding(composition.bare, ink, composition.padded[name])
            yield from [found] if found else []
    for logo in subject.logos:
        whole = composition.underlays.get(logo.id)
        found = whole and padding.check_logo_padding(
            logo.id, composition.logo_ink or logo.frame, whole, Frame(0, 0, size.width, size.height)
        )
        if found:
            yield found


def _safe_frame(canvas: Canvas) -> Frame:
    """The part of the canvas that the platform leaves free."""
    size, safe = canvas.size, canvas.safe
    left, top = safe.left * size.width, safe.top * size.height
    return Frame(left, top, size.width * (1 - safe.right) - left, size.height * (1 - safe.bottom) - top)


def _check_regions(subject: _Subject) -> list[Finding]:
    """Whether every element lies in the region that a hard relation puts it inside, and in the panel it stands on."""
    found: list[Finding] = []
    for each in subject.free:
        bounds = [*_regions_of(each.id, subject), *_panels_under(each, subject)]
        worst = [verify.check_within("region", bound, [each])[0] for bound in bounds]
        found += sorted(worst, key=lambda finding: -finding.measured)[:1]
    return found


def _regions_of(name: str, subject: _Subject) -> list[Frame]:
    design = subject.composition.design
    regions = {region.id: _frame_of_region(region, subject.arrangement.size) for region in design.regions}
    inside = [relation for relation in design.relations if relation.hard and relation.rel == "inside"]
    return [regions[relation.b] for relation in inside if relation.a == name and relation.b in regions]


def _panels_under(each: verify.Place, subject: _Subject) -> list[Frame]:
    """The painted panels, plates and scrims that more than half of the element stands on."""
    area = each.frame.width * each.frame.height
    return [plate for plate in subject.composition.plates if plate.overlap(each.frame) > area / 2]


def _frame_of_region(region: Region, size: Size) -> Frame:
    """The region's share of the canvas at its anchor."""
    share = region.share / 100
    wide = size.width * (share if region.anchor in {"left", "right", "center"} else 1.0)
    high = size.height * (share if region.anchor in {"top", "bottom", "center"} else 1.0)
    x = {"right": size.width - wide, "center": (size.width - wide) / 2}.get(region.anchor, 0.0)
    y = {"bottom": size.height - high, "center": (size.height - high) / 2}.get(region.anchor, 0.0)
    return Frame(x, y, wide, high)


def _check_sizes(subject: _Subject) -> list[Finding]:
    size = subject.arrangement.size
    short = min(size.width, size.height)
    seen = min(math.sqrt(size.width * size.height), _THIN * short)
    least_cta = LEAST_LARGE_CTA_PX if short >= _LARGE_SIDE_PX else LEAST_CTA_PX
    roles = {p.id: p.role for p in subject.arrangement.placements}
    found: list[Finding] = []
    for text in subject.composition.texts:
        least = LEAST_LEGAL_PX if roles[text.id] == "legal" else LEAST_TYPE_PX
        found.append(finding("type_size", text.id, text.px, least))
        found.append(finding("cap_height", text.id, _cap_height(text), LEAST_CAP.get(roles[text.id], 0.0) * seen))
    return found + [finding("cta_height", each.id, each.frame.height, least_cta) for each in subject.buttons]


def _cap_height(text: Text) -> float:
    return fonts.metrics(text.style.family, text.style.weight).cap * text.px


def _check_logo(subject: _Subject) -> list[Finding]:
    size = subject.arrangement.size
    least = max(LEAST_LOGO_PX, LEAST_LOGO * min(size.width, size.height))
    found: list[Finding] = []
    for logo in subject.logos:
        others = [*subject.words, *subject.buttons]
        if others:
            found += verify.check_overlaps("logo_overlap", others, [logo])
        found.append(finding("logo_size", logo.id, min(logo.frame.width, logo.frame.height), least))
        clear = subject.order.clear_space * logo.frame.height
        found.append(verify.check_clear_space(logo, clear, others))
    shown = subject.composition.logo_finding
    return [*found, shown] if shown else found


def _check_completeness(design: Design, arrangement: Arrangement, logo: Logo | None) -> list[Finding]:
    """What the banner does not show: vital texts (priority 1, or any headline or offer), characters no font has."""
    absent = _absent(design, arrangement)
    hint = _hint_for_absent(absent, design, arrangement, logo) if absent else ""
    found = [finding("present", name, 0, 1, hint) for name in absent]
    return found + [
        finding("glyphs", name, count, 0, _way_to_show(design, name)) for name, count in arrangement.lost.items()
    ]


def _way_to_show(design: Design, name: str) -> str:
    """What to install for the characters that no font has; the usual hint where nothing helps."""
    element = next(element for element in design.elements if element.id == name)
    return "; ".join(each.hint for each in missing(element.text, style_of(element, design.typography)))


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


def _hinted(each: Finding, composition: Composition) -> Finding:
    """The finding, its hint turned to people where they have settled what is wrong: no designer may change that."""
    if each.passed:
        return each
    elements = composition.design.elements
    concerned = [element for element in elements if element.id in each.element.split(", ")]
    if each.check == "contrast" and any(element.ink for element in concerned):
        return replace(each, fix_hint="its ink is settled by hand: choose another, or leave it to the palette")
    sized = next((element for element in concerned if 0 < element.min_px == element.max_px), None)
    if each.check in _OF_TYPE and sized is not None:
        return replace(
            each, fix_hint=f"its type is settled by hand ({sized.min_px} px): choose more, or let it be found"
        )
    shut_out = composition.colours.shut_out()
    if each.check in _OF_COLOUR and shut_out:
        why = f"the brand kit forbids {' and '.join(shut_out)}, and nothing else shows here: allow it, or"
        return replace(each, fix_hint=f"{why} {each.fix_hint}")
    pinned = [element.id for element in concerned if element.x is not None]
    if each.check in _OF_PLACE and pinned:
        return replace(each, fix_hint=f"{pinned[0]} is pinned by hand: move it (x, y), or let it find its place")
    return each


def _metrics(subject: _Subject) -> dict[str, float]:
    """The defined layout metrics; buttons, panels, plates and scrims are underlays."""
    size, composition = subject.arrangement.size, subject.composition
    boxes = [Box("text", text.frame) for text in composition.texts]
    boxes += [Box("logo", each.frame) for each in subject.logos]
    boxes += [Box("underlay", frame) for frame in composition.plates]
    measures = asdict(layout_metrics(size.width, size.height, boxes, composition.bare))
    if subject.buttons:
        measures["cta_contrast"] = min(verify.edge_contrast(composition.bare, each.frame) for each in subject.buttons)
    measures["void"] = void(composition.pixels)
    return {name: round(value, 4) for name, value in measures.items() if value is not None}
