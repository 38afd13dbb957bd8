"""What a banner job is given and what it gives back.

The input is checked twice: its shape here, at the door (kind, types, ranges), and its files in the job, inside a pool
child.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from streamforge.jobs.model import Artifact
from streamforge.pipelines.banner.canvas import MAX_PIXELS, Canvas, Side, Size, canvases_of
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.kit import BrandKit, HexColour

PresetOrSize = Annotated[str, Meta(min_length=3, max_length=20, description="728x90, or the name of a preset")]
FileFormat = Literal["png", "jpeg", "webp", "avif", "svg", "pdf"]
SvgText = Literal["embedded", "paths"]
"""How an SVG shows text: as text with its fonts embedded, or as outlines that need no font."""
Picture = Annotated[str, Meta(min_length=1, max_length=6_000_000)]
"""A data URI (``data:image/png;base64,…``), an https URL where the operator allows its host, or ``upload:<name>``."""

UPLOAD = "upload:"
"""Begins what names one of the job's own files."""

MAX_SIZES = 40
_LEAST_SIDE, _MOST_SIDE = 16, 8192


class Lock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody has settled about an element; no designer changes it.

    ``size`` limits it to one canvas, where it goes before a lock for all of them.
    ``text`` replaces its words, ``ink`` its colour, ``px`` its type size; ``x`` and ``y`` are the px of its upper left
    corner, both or neither.
    """

    element: Annotated[str, Meta(max_length=32)]
    size: Annotated[str, Meta(max_length=12)] = ""
    text: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    ink: HexColour | None = None
    px: Annotated[int, Meta(ge=4, le=600)] | None = None
    x: Annotated[int, Meta(ge=0, le=8192)] | None = None
    y: Annotated[int, Meta(ge=0, le=8192)] | None = None

    def __post_init__(self) -> None:
        """Check that it settles something, and a place whole."""
        if (self.x is None) != (self.y is None):
            raise ValueError(f"the lock of {self.element!r} needs both x and y, or neither")
        if all(value is None for value in (self.text, self.ink, self.px, self.x)):
            raise ValueError(f"the lock of {self.element!r} settles nothing; give text, ink, px, or x and y")


class BannerSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A brief: what to say, to whom, in which colours, at which sizes.

    ``sizes`` names canvases (``728x90``) and presets (see ``canvas.PRESETS``); without it ``width`` and ``height``
    (px) are the only one. ``brand_kit`` is a stored kit's name, or a kit. ``logo`` and ``hero`` are pictures; a
    ``logo_on_dark`` takes the logo's place on dark grounds. ``files`` are those that were uploaded for the job, which
    pictures name as ``upload:<name>``. ``scale`` 2 exports rasters at twice the size. ``max_kb``
    caps each raster file (thousands of bytes; 0: what the preset asks).

    ``design`` is a graph to render as it is, without a designer (then ``prompt`` may be left out), such as
    ``graph.json`` of an earlier job; ``locks`` hold whoever designs. ``rounds`` is how often a designer may mend what
    fails. ``ocr`` reads the finished picture back and holds it against the copy (extra ``ocr``).
    """

    prompt: Annotated[
        str,
        Meta(min_length=3, max_length=4000, examples=["Autumn tasting week at Blue Bean: 30% off every roast"]),
    ] = ""
    width: Side = 1200
    height: Side = 628
    sizes: Annotated[list[PresetOrSize], Meta(max_length=MAX_SIZES)] = msgspec.field(default_factory=list[str])
    brand_colors: Annotated[list[HexColour], Meta(max_length=8)] = msgspec.field(default_factory=list[str])
    brand_name: Annotated[str, Meta(max_length=80)] = ""
    brand_kit: Annotated[str, Meta(max_length=64)] | BrandKit = ""
    audience: Annotated[str, Meta(max_length=200)] = ""
    purpose: Annotated[str, Meta(max_length=400)] = ""
    logo: Picture | None = None
    logo_on_dark: Picture | None = None
    hero: Picture | None = None
    files: Annotated[list[Artifact], Meta(max_length=100)] = msgspec.field(default_factory=list[Artifact])
    formats: Annotated[list[FileFormat], Meta(min_length=1, max_length=6)] = msgspec.field(
        default_factory=lambda: list[FileFormat](["png"])
    )
    svg_text: SvgText = "embedded"
    scale: Literal[1, 2] = 1
    max_kb: Annotated[int, Meta(ge=0, le=100_000)] = 0
    design: Design | None = None
    locks: Annotated[list[Lock], Meta(max_length=60)] = msgspec.field(default_factory=list[Lock])
    rounds: Annotated[int, Meta(ge=0, le=5)] = 3
    ocr: bool = False
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None

    def __post_init__(self) -> None:
        """Check what no single field can say."""
        if not self.prompt.strip() and self.design is None:
            raise ValueError("prompt is blank; describe what the banner is for")
        where = "sizes" if self.sizes else "width x height"
        try:
            canvases = self.canvases
        except ValueError as error:
            raise ValueError(f"sizes is wrong: {error}") from error
        for size in (canvas.size for canvas in canvases):
            if not all(_LEAST_SIDE <= side <= _MOST_SIDE for side in (size.width, size.height)):
                raise ValueError(f"{where} is {size}; each side has {_LEAST_SIDE} to {_MOST_SIDE} pixels")
            if size.width * size.height > MAX_PIXELS:
                limit = f"over the limit of {MAX_PIXELS / 1e6:.0f} MP"
                raise ValueError(f"{where} is {size}, {limit}; choose a smaller canvas")
        if len(canvases) > MAX_SIZES:
            raise ValueError(f"sizes is too long: {len(canvases)} canvases, at most {MAX_SIZES} in one job")
        self._check_locks({str(canvas.size) for canvas in canvases})

    def _check_locks(self, sizes: set[str]) -> None:
        """Each lock concerns a canvas of the job, and no two of them settle one thing in two ways."""
        settled: dict[tuple[str, str, str], object] = {}
        for lock in self.locks:
            if lock.size and lock.size not in sizes:
                raise ValueError(f"locks is wrong: {lock.size!r} is none of the sizes {', '.join(sorted(sizes))}")
            for name in ("text", "ink", "px", "x", "y"):
                value = getattr(lock, name)
                if value is not None and settled.setdefault((lock.element, lock.size, name), value) != value:
                    raise ValueError(f"locks is wrong: the {name} of {lock.element!r} is settled in two ways")

    @property
    def canvases(self) -> list[Canvas]:
        """Every size to make, in the order asked for, with what its publisher demands."""
        return canvases_of(self.sizes) if self.sizes else [Canvas(size=Size(self.width, self.height))]

    @property
    def size(self) -> Size:
        """The first canvas."""
        return self.canvases[0].size


class Check(Struct, frozen=True):
    """One line of the verification: what was measured, where, against which limit.

    A ``skipped`` check passes because it could not be made; its ``fix_hint`` says why.
    """

    check: str
    element: str
    measured: float
    limit: float
    passed: bool
    unit: str = ""
    fix_hint: str = ""
    skipped: bool = False


class BannerFile(Struct, frozen=True):
    """A finished picture, by its name among the job's artifacts."""

    name: str
    media_type: str
    width: int
    height: int
    bytes: int
    sha256: str
