"""Where everything goes: the layout of one design at one size, as the checkpoint between solving and painting."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.spec import Check


class Placement(Struct, frozen=True, kw_only=True):
    """An element's box in px. Texts have a type size and lines; a button's box includes its padding."""

    id: str
    role: str
    x: int
    y: int
    width: int
    height: int
    px: int = 0
    lines: list[str] = msgspec.field(default_factory=list[str])
    align: Literal["left", "center", "right"] = "left"


class Arrangement(Struct, frozen=True, kw_only=True):
    """A solved layout.

    ``solver``: ``optimal``, ``feasible`` or ``stack``. ``dropped``: elements left out for want of space, the first to
    go first, with ``reasons`` by element. ``relaxed``: names of soft relations that do not hold. ``lost``: characters
    no font has, by element. ``notes``: what had to be set otherwise than usual to fit. ``timings``: ms by stage.
    """

    size: Size
    margin: int
    solver: str
    placements: list[Placement]
    dropped: list[str] = msgspec.field(default_factory=list[str])
    reasons: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    relaxed: list[str] = msgspec.field(default_factory=list[str])
    lost: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    notes: list[str] = msgspec.field(default_factory=list[str])
    timings: dict[str, float] = msgspec.field(default_factory=dict[str, float])


class PaintedFile(Struct, frozen=True):
    """A finished picture's bytes; ``width`` and ``height`` in px, ``quality`` what its encoder chose (none: vector)."""

    name: str
    media_type: str
    width: int
    height: int
    data: bytes
    quality: str = ""


class Painted(Struct, frozen=True, kw_only=True):
    """The pictures, their checks, the layout metrics, and the ms that drawing, encoding and verifying took.

    ``notes``: what had to be painted otherwise than the design has it.
    """

    files: list[PaintedFile]
    checks: list[Check]
    timings: dict[str, float]
    metrics: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    notes: list[str] = msgspec.field(default_factory=list[str])
