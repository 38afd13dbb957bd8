"""Keeping a palette away from colours that a brand forbids, without losing what can be read on what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from msgspec.structs import replace

from streamforge.errors import InvalidInput
from streamforge.pipelines.banner.design.colour import distance, from_oklch, normalise, to_oklch
from streamforge.pipelines.banner.design.graph import Palette
from streamforge.pipelines.banner.design.settle import problems, settle
from streamforge.pipelines.banner.design.themes import CATALOGUE, Theme
from streamforge.pipelines.banner.spec import BannerSpec

NEAR = 0.08
"""The OKLab distance within which a colour still looks like the forbidden one."""
_LIGHTER = (0.0, 0.05, -0.05, 0.1, -0.1, 0.16, -0.16, 0.24, -0.24)
_TURNS = (0.0, 25.0, -25.0, 60.0, -60.0, 120.0, 180.0)
_PALER = (1.0, 0.5, 0.0)
_GROUNDS = ("ground", "ground_2")


def avoiding(palette: Palette, forbidden: Sequence[str]) -> Palette:
    """The palette with each colour near a forbidden one moved as little as it takes, else a theme that has none."""
    shunned = [normalise(colour) for colour in forbidden]
    if not shunned or is_clear(palette, shunned):
        return palette
    options = [palette, *(settle(theme) for theme in CATALOGUE)]
    moved = (_moved(option, shunned) for option in options)
    return next((option for option in moved if option is not None), _plainest(shunned))


def is_clear(palette: Palette, forbidden: Sequence[str]) -> bool:
    """Whether no role is a forbidden colour or looks like one."""
    return all(_is_far(getattr(palette, role), forbidden) for role in palette.__struct_fields__)


def forbidding(colour: str, forbidden: Sequence[str]) -> list[str]:
    """Those of the forbidden colours that this one is, or looks like."""
    return [other for other in forbidden if distance(colour, other) <= NEAR]


def cleared(colour: str, forbidden: Sequence[str]) -> str:
    """The colour, or the one most like it that no forbidden one is near; empty where there is none."""
    if _is_far(colour, forbidden):
        return colour
    return next((moved for moved in _near_by(colour) if _is_far(moved, forbidden)), "")


def require_allowed(spec: BannerSpec, forbidden: Sequence[str]) -> None:
    """Raise InvalidInput where a lock, or the graph that the brief brings, asks for a forbidden colour."""
    shunned = [normalise(colour) for colour in forbidden]
    for lock in spec.locks:
        _check(lock.ink, shunned, "locks", f"the ink of {lock.element}")
    if spec.design is None:
        return
    for role in spec.design.palette.__struct_fields__:
        _check(getattr(spec.design.palette, role), shunned, "design", f"{role} of the palette")
    for element in spec.design.elements:
        _check(element.ink, shunned, "design", f"the ink of {element.id}")


def _check(colour: str | None, forbidden: Sequence[str], field: str, what: str) -> None:
    near = forbidding(colour, forbidden) if colour else []
    if near:
        raise InvalidInput(
            f"{what} is {colour}, and the brand kit forbids {near[0]}",
            field=field,
            hint="choose a colour that does not look like it, or take it out of the kit's forbidden ones",
        )


def _is_far(colour: str, forbidden: Sequence[str]) -> bool:
    return not forbidding(colour, forbidden)


def _moved(palette: Palette, forbidden: Sequence[str]) -> Palette | None:
    """The palette with its grounds moved first, then what lies on them; None where a role finds no place."""
    theme = Theme("moved", palette.ground, palette.ground_2, palette.accent, palette.decor, palette.ink)
    for role in ("ground", "accent", "decor"):
        found = next((c for c in _near_by(getattr(theme, role)) if _is_far(c, forbidden)), None)
        if found is None:
            return None
        theme = replace(theme, **{role: found})
    theme = replace(theme, ground_2=theme.ground if not _is_far(theme.ground_2, forbidden) else theme.ground_2)
    settled = settle(theme)
    for role in settled.__struct_fields__:
        if not _is_far(getattr(settled, role), forbidden):
            options = (replace(settled, **{role: colour}) for colour in _near_by(getattr(settled, role)))
            fitting = (o for o in options if _is_far(getattr(o, role), forbidden) and not problems(o))
            settled = next(fitting, settled)
    return settled if is_clear(settled, forbidden) and not problems(settled) else None


def _near_by(colour: str) -> Iterator[str]:
    """The colour, then ever less like it."""
    was = to_oklch(colour)
    for turn, paler, lighter in product(_TURNS, _PALER, _LIGHTER):
        lightness = was.lightness + lighter
        if 0.0 <= lightness <= 1.0:
            yield from_oklch(was._replace(lightness=lightness, chroma=was.chroma * paler, hue=(was.hue + turn) % 360))


def _plainest(forbidden: Sequence[str]) -> Palette:
    """Where a brand forbids nearly everything: the readable theme farthest from all it forbids."""
    settled = [settle(theme) for theme in CATALOGUE]
    roles = settled[0].__struct_fields__
    return max(settled, key=lambda p: min(distance(getattr(p, role), f) for role in roles for f in forbidden))
