"""Where a hero picture goes, and the texts: beside it, or on it where it has room for them.

The subject decides. A picture fills the canvas when its subject stays whole on one side and leaves the other to the
texts; else it takes the part of the canvas that shows most of the subject.
"""

from __future__ import annotations

from typing import Literal

from streamforge.pipelines.banner.design.brief import HeroFacts
from streamforge.pipelines.banner.design.graph import Anchor, Region
from streamforge.render.crop import room_beside, shown_of
from streamforge.render.scene import WHOLE

_SideOf = Literal["left", "right", "top", "bottom"]

PANEL, PICTURE = "panel", "picture"
"""The regions of the texts and of the picture."""
OPPOSITE: dict[Anchor, Anchor] = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}

_FULL = 100
_ROOMY = 30
"""A picture of a smaller share of the canvas (percent) stays a strip at its side."""
_CALM_SHARE = 54
_FILLS = 0.6
"""A picture of which less than this share would be left does not fill the canvas."""
_TEXT_ROOM: dict[_SideOf, float] = {"left": 0.46, "right": 0.46, "top": 0.42, "bottom": 0.42}
"""The least share of the canvas beside the subject that texts have enough of."""
_NARROW_PX = 400
_NARROW_ROOM = 0.52
_MOST_ROOM, _BETWEEN = 58, 0.04
"""The most that the texts get (percent), and the share that stays free between them and the subject."""
_LYING, _STANDING = 1.2, 0.8
"""From this proportion (width over height) on texts stand beside the subject; up to that one, above or below it."""
_SLOTS: tuple[tuple[Anchor, int], ...] = (("right", 42), ("top", 44))
_BESIDE: tuple[_SideOf, ...] = ("left", "right")
_ABOVE: tuple[_SideOf, ...] = ("top", "bottom")
_BETTER = 0.08
"""Another part of the canvas is worth leaving the layout's own for so much more of the subject."""


def regions_for(picture: tuple[Anchor, int], hero: HeroFacts | None, size: tuple[int, int]) -> list[Region]:
    """The picture's part and the text's on a canvas of ``size`` px, where the layout has the picture at ``picture``."""
    if hero is None:
        return _apart(picture)
    aspect, own = size[0] / size[1], hero.width / hero.height
    placed = _shown(picture, hero, aspect)
    if picture[1] < _ROOMY or min(own / aspect, aspect / own) < _FILLS:
        return _apart(placed)
    if hero.subject != WHOLE:
        side, room = _free_side(hero, size)
        return _under(side, min(round(100 * (room - _BETWEEN)), _MOST_ROOM)) if side else _apart(placed)
    is_calm = hero.calm in {placed[0], OPPOSITE[placed[0]]}
    return _under(hero.calm, _CALM_SHARE) if is_calm and hero.calm != "nowhere" else _apart(placed)


def _free_side(hero: HeroFacts, size: tuple[int, int]) -> tuple[_SideOf | None, float]:
    """The side beside the whole subject with most room for texts, if it is enough, and its share of the canvas."""
    aspect = size[0] / size[1]
    room = room_beside((hero.width, hero.height), aspect, hero.subject)
    sides = (*(_BESIDE if aspect > _STANDING else ()), *(_ABOVE if aspect < _LYING else ()))
    enough: list[_SideOf] = [side for side in sides if room[side] >= _needed(side, size)]
    best = max(enough, key=lambda side: room[side], default=None)
    return best, room[best] if best else 0.0


def _needed(side: _SideOf, size: tuple[int, int]) -> float:
    is_narrow = side in {"left", "right"} and size[0] < _NARROW_PX
    return _NARROW_ROOM if is_narrow else _TEXT_ROOM[side]


def _shown(picture: tuple[Anchor, int], hero: HeroFacts, aspect: float) -> tuple[Anchor, int]:
    """The layout's own part of the canvas, or another that shows clearly more of the subject."""
    if picture[1] < _ROOMY:
        return picture
    seen = {
        slot: shown_of((hero.width, hero.height), _aspect(slot, aspect), hero.subject) for slot in (picture, *_SLOTS)
    }
    best = max(seen, key=lambda slot: round(seen[slot], 6))
    return best if seen[best] > seen[picture] + _BETTER else picture


def _aspect(slot: tuple[Anchor, int], aspect: float) -> float:
    anchor, share = slot
    return aspect * share / 100 if anchor in {"left", "right"} else aspect / (share / 100)


def _apart(picture: tuple[Anchor, int]) -> list[Region]:
    anchor, share = picture
    panel = Region(id=PANEL, anchor=OPPOSITE[anchor], share=_FULL - share)
    return [Region(id=PICTURE, anchor=anchor, share=share), panel]


def _under(side: Anchor, share: int) -> list[Region]:
    return [Region(id=PICTURE, anchor="full", share=_FULL), Region(id=PANEL, anchor=side, share=share)]
