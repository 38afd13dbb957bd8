"""The banner's work in a pool child: arrange a design, paint an arrangement.

Pure functions of their arguments, picklable by name; what they return are checkpoints. One message in, one out: pixels
never leave the child, finished files do.
"""

from __future__ import annotations

import time
from typing import Literal

import msgspec

from streamforge.errors import LayoutInfeasible
from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.layout import room
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Painted, PaintedFile, Placement
from streamforge.pipelines.banner.layout.measure import Measured, measure
from streamforge.pipelines.banner.picture.compose import Composition, frame_of
from streamforge.pipelines.banner.spec import BannerSpec, Check, Size
from streamforge.render import fonts, image, verify
from streamforge.render.encode import encode
from streamforge.render.image import Logo
from streamforge.solve.layout import solve
from streamforge.solve.problem import Candidate, Item, Placed, Problem, Solution

__all__ = ["Arrangement", "Painted", "PaintedFile", "Placement", "arrange", "load_logo", "paint", "warm"]

_LEAST_TYPE_PX = 8
_LEAST_BUTTON_PX = 18
_LEADING_ROLES = frozenset(["headline", "offer"])
"""One of these at least says what the banner is about."""


def load_logo(data_uri: str) -> Logo:
    """Decode and check a brief's logo. Raises AssetRejected with ``field="logo"`` and a hint."""
    return image.load_logo(data_uri, "logo")


def arrange(design: Design, size: Size, logo: str | None) -> Arrangement:
    """Measure and solve. ``logo`` is the brief's data URI.

    Raises LayoutInfeasible naming the relations that contradict each other, or the side of a canvas that is too small;
    AssetRejected for the logo. Deterministic but for ``timings`` (ms: ``measure``, ``solve``).
    """
    watch = _Stopwatch()
    picture = load_logo(logo) if logo else None
    watch.lap("logo")
    measured = measure(design, size, _aspect(picture))
    watch.lap("measure")
    solution = _solved(design, size, measured, _aspect(picture))
    watch.lap("solve")
    return Arrangement(
        size=size,
        margin=measured.problem.margin,
        solver=solution.status,
        placements=_placements(design, measured, solution),
        dropped=solution.dropped,
        relaxed=solution.relaxed,
        lost={name: count for name, count in measured.lost.items() if count},
        timings=watch.laps,
    )


def _aspect(logo: Logo | None) -> float | None:
    return logo.width / logo.height if logo else None


def _solved(design: Design, size: Size, measured: Measured, logo_aspect: float | None) -> Solution:
    try:
        return solve(measured.problem)
    except LayoutInfeasible as error:
        if not room.is_for_space(error):
            raise
        raise room.too_small(design, size, logo_aspect, error.conflicts) from error


def paint(design: Design, arrangement: Arrangement, spec: BannerSpec) -> Painted:
    """Paint, verify and encode in every format of the brief.

    A check that fails is reported, not raised: the caller decides. Raises AssetRejected for the logo. Timings (ms):
    ``draw``, ``verify``, ``encode``.
    """
    watch = _Stopwatch()
    logo = load_logo(spec.logo) if spec.logo and any(p.role == "logo" for p in arrangement.placements) else None
    watch.lap("logo")
    composition = Composition(design, arrangement, logo)
    pixels = composition.paint()
    watch.lap("draw")
    findings = inspect(composition)
    watch.lap("verify")
    size = arrangement.size
    encoded = [encode(pixels, name) for name in spec.formats]
    files = [
        PaintedFile(f"banner-{size}.{file.extension}", file.media_type, size.width, size.height, file.data)
        for file in encoded
    ]
    watch.lap("encode")
    checks = [Check(**msgspec.structs.asdict(finding)) for finding in findings]
    return Painted(files=files, checks=checks, timings=watch.laps)


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
        *_check_completeness(composition.design, arrangement, _aspect(composition.logo)),
    ]
    if logos:
        found += verify.check_overlaps("logo_overlap", words, logos) if words else []
    return [*found, composition.logo_finding] if composition.logo_finding else found


def warm() -> None:
    """Register every font and solve a tiny layout, so that a new child's first job does not wait for it."""
    fonts.register_all()
    item = Item(id="a", candidates=[Candidate(8, 8)])
    solve(Problem(width=64, height=64, margin=4, items=[item]))


class _Stopwatch:
    """Milliseconds by stage, on the monotonic clock."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round((now - self._last) * 1000, 2)
        self._last = now


def _placements(design: Design, measured: Measured, solution: Solution) -> list[Placement]:
    elements = {element.id: element for element in design.elements}
    items = {item.id: item for item in measured.problem.items}
    held = {relation.name for relation in design.relations} - set(solution.relaxed)
    return [_placement(elements[box.id], items[box.id], box, design, measured, held=held) for box in solution.placed]


def _placement(
    element: Element, item: Item, box: Placed, design: Design, measured: Measured, *, held: set[str]
) -> Placement:
    """The content's exact size within its box on the grid, at the side its alignment asks for."""
    candidate = next(c for c in item.candidates if c.key == box.key)
    width = box.width if item.stretch else candidate.width
    align = _alignment(element, design)
    x = box.x + {"left": 0, "center": (box.width - width) // 2, "right": box.width - width}[align]
    if f"center_x({element.id}, canvas)" in held:
        x = (measured.problem.width - width) // 2
    sizes = measured.texts.get(element.id)
    return Placement(
        id=element.id,
        role=element.role,
        x=x,
        y=box.y,
        width=width,
        height=candidate.height,
        px=sizes[box.key].px if sizes else 0,
        lines=list(sizes[box.key].block.lines) if sizes else [],
        align=align,
    )


def _alignment(element: Element, design: Design) -> Literal["left", "center", "right"]:
    for relation in design.relations:
        if relation.a == element.id and relation.rel == "align_right":
            return "right"
        if relation.a == element.id and relation.rel == "center_x":
            return "center"
        if relation.b == element.id and relation.rel == "center_x":
            return "center"
    return "left" if any(r.rel == "left_of" for r in design.relations) else design.align


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


def _check_completeness(design: Design, arrangement: Arrangement, logo_aspect: float | None) -> list[verify.Finding]:
    """What the banner does not show: vital texts (priority 1, or any headline or offer), characters no font has."""
    absent = _absent(design, arrangement)
    hint = _hint_for_absent(absent, design, arrangement, logo_aspect) if absent else ""
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


def _hint_for_absent(absent: list[str], design: Design, arrangement: Arrangement, logo_aspect: float | None) -> str:
    if set(absent).isdisjoint(arrangement.dropped):
        return "say it in the prompt in words, in a script the fonts have"
    return room.way_out(room.least_canvas(design, arrangement.size, logo_aspect))
