"""What an archetype puts behind elements: a panel under the text, a bar under the button, a badge under the offer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from streamforge.render.grounds.badge import badge
from streamforge.render.grounds.ground import Ground, hull
from streamforge.render.grounds.tone import blend, decisive, deeper
from streamforge.render.scene import Frame, Rect, Shape

_TEXTS = ("kicker", "headline", "sub", "body")
_BAR_EM, _BAR_LEAST_PX = 0.35, 120
"""The bar above a headline keeps this share of its type size away; on lower canvases there is none."""
_LINE_ROOM_PX = 9
"""With less room between them, the bar's edge and the button run together."""
_FILLS = 0.75
"""A button alone that takes at least this share of the width fills a bar."""
_VOID = 0.16
"""A line stands between two groups that are no farther apart than this share of the width; else it is in a void."""
Cut = tuple[Literal["x", "y"], float, bool]
"""Along which axis two groups part, where (px), and whether the first lies before."""


def surfaces(ground: Ground) -> list[Shape]:
    """The shapes of the ground's archetype, bottom first; most have none."""
    return _SURFACES[ground.archetype](ground) if ground.archetype in _SURFACES and ground.marks else []


def cut_between(first: tuple[Frame, ...], second: tuple[Frame, ...]) -> Cut | None:
    """The line between two groups of boxes, None where they interlock."""
    if not first or not second:
        return None
    a, b = hull(first), hull(second)
    if (x := _gap_between((a.x, a.right), (b.x, b.right))) is not None:
        return "x", x, a.x < b.x
    if (y := _gap_between((a.y, a.bottom), (b.y, b.bottom))) is not None:
        return "y", y, a.y < b.y
    return None


def _gap_between(first: tuple[float, float], second: tuple[float, float]) -> float | None:
    """The middle between two ranges that do not overlap."""
    (_, low), (high, _) = sorted((first, second))
    return (low + high) / 2 if low <= high else None


def _half(ground: Ground, cut: Cut) -> Frame:
    """The part of the canvas on the first group's side of the cut."""
    axis, at, before = cut
    if axis == "x":
        return Frame(0, 0, at, ground.height) if before else Frame(at, 0, ground.width - at, ground.height)
    return Frame(0, 0, ground.width, at) if before else Frame(0, at, ground.width, ground.height - at)


def _split_panel(ground: Ground) -> list[Shape]:
    """The text on a panel of colour that bleeds off the canvas; the rest keeps the ground."""
    texts = ground.of(*_TEXTS)
    others = tuple(mark.frame for mark in ground.marks if mark.role not in _TEXTS)
    cut = cut_between(texts, others)
    if cut is None:
        return []
    return [Rect(_half(ground, cut), decisive(ground.accent if ground.seed // 5 % 3 else ground.figure))]


def _footer_bar(ground: Ground) -> list[Shape]:
    """A bar of a deeper tone under what closes the banner, with an edge of accent; none for a small button alone."""
    button = ground.of("cta")
    if not button:
        return []
    top, bottom = button[0].y, button[0].bottom
    closing = tuple(m.frame for m in ground.marks if m.frame.y < bottom and m.frame.bottom > top)
    rest = tuple(m.frame for m in ground.marks if m.frame not in closing and m.frame.bottom <= top)
    cut = cut_between(closing, rest) if rest and len(closing) < len(ground.marks) else None
    if cut is None:
        others = tuple(m.frame for m in ground.marks if m.role not in {"cta", "contact"})
        cut = cut_between(ground.of("cta", "contact"), others)
    if cut is None:
        return []
    axis, at, before = cut
    held = sum(mark.frame.y >= at for mark in ground.marks)
    if axis == "y" and held == 1 and button[0].width < _FILLS * ground.width:
        return []
    top = hull(closing).y
    fill = deeper(ground.ground, toward=ground.figure)
    bar, line = _half(ground, (axis, at, before)), max(2.0, ground.unit * 0.008)
    edge = Frame(0, at, ground.width, line)
    if axis == "x":
        edge = Frame(at - (line if before else 0), 0, line, ground.height)
    if axis == "y" and top - at < _LINE_ROOM_PX:
        return [Rect(bar, fill)]
    return [Rect(bar, fill), Rect(edge, ground.accent)]


def _badge(ground: Ground) -> list[Shape]:
    shape = badge(ground)
    return [shape] if shape else []


def _editorial(ground: Ground) -> list[Shape]:
    """A fine line between the headline and what supports it, and a short heavy one above the headline."""
    heads = ground.of("headline")
    if not heads:
        return []
    head = hull(ground.of("kicker", "headline"))
    thick, fine = max(2.0, ground.unit * 0.012), max(1.0, ground.unit * 0.0028)
    found: list[Shape] = []
    px = max(mark.px for mark in ground.marks if mark.role == "headline")
    top = head.y - max(ground.unit * 0.032, _BAR_EM * px) - thick
    if top > ground.unit * 0.03 and ground.height >= _BAR_LEAST_PX:
        width = ground.unit * 0.09
        left = head.right - width if any(mark.is_right for mark in ground.marks if mark.role == "headline") else head.x
        found.append(Rect(Frame(left, top, width, thick), ground.accent))
    others = tuple(mark.frame for mark in ground.marks if mark.role not in {"headline", "kicker"})
    cut = cut_between((head,), others)
    if cut is not None and cut[0] == "x" and not _is_void((head,), others, ground):
        inset = ground.height * 0.12
        found.append(
            Rect(Frame(cut[1], inset, fine, ground.height - 2 * inset), blend(ground.ground, ground.accent, 0.5))
        )
    return found


def _side_by_side(ground: Ground) -> list[Shape]:
    """A fine line between what is said and what is asked."""
    others = tuple(mark.frame for mark in ground.marks if mark.role not in {*_TEXTS, "logo"})
    said = tuple(mark.frame for mark in ground.marks if mark.role in {*_TEXTS, "logo"})
    cut = cut_between(said, others)
    if cut is None or cut[0] == "y" or _is_void(said, others, ground):
        return []
    fine, inset = max(1.0, ground.unit * 0.003), ground.height * 0.16
    return [Rect(Frame(cut[1], inset, fine, ground.height - 2 * inset), blend(ground.ground, ground.accent, 0.45))]


def _is_void(first: tuple[Frame, ...], second: tuple[Frame, ...], ground: Ground) -> bool:
    """Whether a line between two groups would stand by itself: they are far apart, or one of them is one small box."""
    wide = _gap(hull(first), hull(second)) > _VOID * ground.width
    return wide or (len(second) == 1 and second[0].height < ground.height / 2)


def _gap(box: Frame, other: Frame) -> float:
    """The distance between two boxes along the axis on which they part."""
    return max(other.x - box.right, box.x - other.right, other.y - box.bottom, box.y - other.bottom)


_SURFACES: dict[str, Callable[[Ground], list[Shape]]] = {
    "split-panel": _split_panel,
    "footer-bar": _footer_bar,
    "badge": _badge,
    "editorial": _editorial,
    "side-by-side": _side_by_side,
}
