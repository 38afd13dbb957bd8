"""What a banner job is given and what it gives back.

The input is checked twice: its shape here, at the door (kind, types, ranges), and its files in the job, inside a pool
child.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

HexColour = Annotated[str, Meta(pattern=r"^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})\Z", description="#rgb or #rrggbb")]
Side = Annotated[int, Meta(ge=16, le=8192, description="pixels")]
Format = Literal["png"]

MAX_PIXELS = 16_000_000
"""The largest canvas, in pixels: 16 MP is 64 MB of RGBA in a pool child."""


class Size(Struct, frozen=True, forbid_unknown_fields=True):
    """A canvas in pixels."""

    width: Side
    height: Side

    def __str__(self) -> str:
        """``1200x628``."""
        return f"{self.width}x{self.height}"


class BannerSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A brief: what to say, to whom, in which colours and at which size.

    ``logo`` is a data URI (``data:image/png;base64,…``; PNG, JPEG, WebP or SVG). ``width`` and ``height`` are pixels.
    """

    prompt: Annotated[str, Meta(min_length=3, max_length=4000)]
    width: Side = 1200
    height: Side = 628
    brand_colors: Annotated[list[HexColour], Meta(max_length=8)] = msgspec.field(default_factory=list[str])
    brand_name: Annotated[str, Meta(max_length=80)] = ""
    audience: Annotated[str, Meta(max_length=200)] = ""
    purpose: Annotated[str, Meta(max_length=400)] = ""
    logo: Annotated[str, Meta(min_length=1, max_length=6_000_000)] | None = None
    formats: Annotated[list[Format], Meta(min_length=1, max_length=4)] = msgspec.field(
        default_factory=lambda: list[Format](["png"])
    )
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None

    def __post_init__(self) -> None:
        """Check what no single field can say."""
        if not self.prompt.strip():
            raise ValueError("prompt is blank; describe what the banner is for")
        pixels = self.width * self.height
        if pixels > MAX_PIXELS:
            raise ValueError(
                f"width x height is {pixels / 1e6:.1f} MP, over the limit of {MAX_PIXELS / 1e6:.0f} MP; "
                "choose a smaller canvas"
            )

    @property
    def size(self) -> Size:
        """The canvas."""
        return Size(self.width, self.height)


class Check(Struct, frozen=True):
    """One line of the verification: what was measured, where, against which limit."""

    check: str
    element: str
    measured: float
    limit: float
    passed: bool
    unit: str = ""
    fix_hint: str = ""


class BannerFile(Struct, frozen=True):
    """A finished picture, by its name among the job's artifacts."""

    name: str
    media_type: str
    width: int
    height: int
    bytes: int
    sha256: str


class BannerResult(Struct, frozen=True, kw_only=True):
    """What a banner job returns."""

    designer: str
    size: Size
    solver: str
    files: list[BannerFile]
    checks: list[Check]
    copy: dict[str, str]
    dropped: list[str] = msgspec.field(default_factory=list[str])
