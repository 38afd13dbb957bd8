"""Canvases: sizes, what publishers ask of a size, and named sets of them, as data.

The publishers' figures drift; each set says where it comes from, and of when it is.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Side = Annotated[int, Meta(ge=16, le=8192, description="pixels")]

MAX_PIXELS = 16_000_000
"""The largest canvas, in pixels: 16 MP is 64 MB of RGBA in a pool child."""
_SIZE_CHARS = 12


class Size(Struct, frozen=True, forbid_unknown_fields=True):
    """A canvas in pixels."""

    width: Side
    height: Side

    def __str__(self) -> str:
        """``1200x628``."""
        return f"{self.width}x{self.height}"

    @classmethod
    def parse(cls, text: str) -> Size:
        """``1200x628`` as a size. Raises ValueError for anything else; the range of the sides is not checked."""
        width, x, height = text.lower().partition("x")
        if not (x and width.isdecimal() and height.isdecimal() and len(text) < _SIZE_CHARS):
            raise ValueError(f"{text[:40]!r} is no size; write width x height in pixels, such as 728x90, or a preset")
        return cls(int(width), int(height))


class SafeZone(Struct, frozen=True):
    """What a platform's own buttons and captions cover: shares of the height or width, from each edge."""

    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    left: float = 0.0


class Canvas(Struct, frozen=True, kw_only=True):
    """A size with what its publisher demands: ``max_bytes`` of a file (0: nothing), and what stays covered."""

    size: Size
    max_bytes: int = 0
    safe: SafeZone = SafeZone()


def _canvases(max_kb: int, *sizes: str) -> tuple[Canvas, ...]:
    return tuple(Canvas(size=Size.parse(size), max_bytes=max_kb * 1000) for size in sizes)


_STORY = SafeZone(top=0.14, bottom=0.35, left=0.06, right=0.06)
"""Meta's unified zone for reels and stories, March 2026."""

PRESETS: dict[str, tuple[Canvas, ...]] = {
    # IAB New Ad Portfolio (2017), initial file weights.
    "iab": (
        *_canvases(250, "970x250"),
        *_canvases(50, "300x50", "320x50", "120x60"),
        *_canvases(150, "728x90", "160x600", "300x250"),
        *_canvases(200, "970x90", "300x1050"),
        *_canvases(300, "640x1136", "750x1334", "1080x1920"),
    ),
    # Google Ads, uploaded display ads, 2026: 150 KB each.
    "google-display": _canvases(
        150,
        *("300x250", "336x280", "728x90", "970x90", "970x250", "160x600", "120x600", "300x600"),
        *("320x50", "320x100", "468x60", "200x200", "250x250"),
    ),
    # The platforms' own guidance, 2026.
    "social": (
        *_canvases(0, "1080x1080", "1080x1350", "1200x628", "1200x630", "1500x500", "1280x720"),
        Canvas(size=Size(1080, 1920), safe=_STORY),
    ),
    # The thirteen sizes of the BannerRequest400 benchmark.
    "bannerrequest13": _canvases(
        150,
        *("300x250", "728x90", "160x600", "300x600", "970x250", "320x100", "468x60"),
        *("250x250", "336x280", "120x600", "970x90", "180x150", "300x50"),
    ),
}
"""Sets of canvases by the name that ``sizes`` takes."""


def canvases_of(sizes: list[str]) -> list[Canvas]:
    """What ``sizes`` names, presets spread out, each size once, in the order of its first mention.

    A size that several presets have keeps to the strictest of them. Raises ValueError naming what is no size.
    """
    found: dict[Size, Canvas] = {}
    for name in sizes:
        for each in PRESETS.get(name) or (Canvas(size=Size.parse(name)),):
            known = found.get(each.size)
            found[each.size] = _strictest(known, each) if known else each
    return list(found.values())


def _strictest(one: Canvas, other: Canvas) -> Canvas:
    caps = [each.max_bytes for each in (one, other) if each.max_bytes]
    edges = {edge: max(getattr(one.safe, edge), getattr(other.safe, edge)) for edge in SafeZone.__struct_fields__}
    return Canvas(size=one.size, max_bytes=min(caps, default=0), safe=SafeZone(**edges))
