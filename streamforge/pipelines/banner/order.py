"""What a pool child needs to make a banner on one canvas, besides the design: pictures as data, files wanted."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from streamforge.pipelines.banner.canvas import Canvas, Size
from streamforge.pipelines.banner.design.brief import Brief
from streamforge.pipelines.banner.kit import HexColour
from streamforge.pipelines.banner.spec import BannerSpec, FileFormat, SvgText


class Order(Struct, frozen=True, kw_only=True):
    """One canvas of a set. ``logo``, ``logo_on_dark`` and ``hero`` are data URIs, fetched where they were URLs.

    ``clear_space`` is the free rim around the logo, as a share of its height. ``max_bytes`` caps a raster file (0: no
    cap); ``scale`` multiplies a raster's pixels. ``ocr`` reads the picture back. Nothing looks like a ``forbidden``
    colour that the design itself does not ask for. ``may_press``: where there is no room for the usual type, a smaller
    one is tried.
    """

    canvas: Canvas
    formats: list[FileFormat] = msgspec.field(default_factory=lambda: list[FileFormat](["png"]))
    svg_text: SvgText = "embedded"
    scale: int = 1
    max_bytes: int = 0
    logo: str | None = None
    logo_on_dark: str | None = None
    hero: str | None = None
    clear_space: float = 0.2
    forbidden: list[HexColour] = msgspec.field(default_factory=list[HexColour])
    ocr: bool = False
    may_press: bool = True

    @property
    def size(self) -> Size:
        """The canvas in px."""
        return self.canvas.size


def order_of(spec: BannerSpec, canvas: Canvas) -> Order:
    """What the brief asks of one of its canvases, its pictures as they stand in it."""
    return Order(
        canvas=canvas,
        formats=spec.formats,
        svg_text=spec.svg_text,
        scale=spec.scale,
        max_bytes=spec.max_kb * 1000 or canvas.max_bytes,
        logo=spec.logo,
        logo_on_dark=spec.logo_on_dark,
        hero=spec.hero,
        ocr=spec.ocr,
    )


def order_for(brief: Brief, canvas: Canvas) -> Order:
    """What a brief asks of one of its canvases, with what its kit settles."""
    return replace(order_of(brief.spec, canvas), clear_space=brief.kit.clear_space, forbidden=brief.kit.forbidden)
