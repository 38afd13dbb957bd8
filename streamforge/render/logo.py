"""Logos: decoded or drawn, cut to their visible part, measured for a designer.

Transparent borders are trimmed, so that a logo's edge aligns with text edges.
"""

from __future__ import annotations

import numpy as np
import skia
from msgspec import Struct
from PIL import Image

from streamforge.errors import AssetRejected
from streamforge.render import sniff, svg
from streamforge.render.colour import Pixels, luminance
from streamforge.render.raster import bytes_of, decode, reject
from streamforge.render.swatches import dominant

MAX_ASPECT = 40
MAX_KEPT_PIXELS = 4_000_000
"""A larger raster is scaled down to this."""
MAX_VECTOR_PIXELS = 4_000_000
MAX_VECTOR_WORK = 900_000_000
"""Pixels of an SVG, and passes over them: above these it is drawn smaller and scaled up."""
_PROBE_PX = 512
_MEASURED_PX = 1024
_VISIBLE_ALPHA = 24
_OPAQUE_ALPHA = 128


class LogoFacts(Struct, frozen=True, kw_only=True):
    """What a designer may know of a logo.

    ``width``/``height``: pixels of the visible part (an SVG's: 512 on the long side). ``colors``: up to six hex colours
    by falling share of the visible pixels. ``luminance``: their mean relative luminance, 0 (black) to 1 (white).
    ``transparent``: whether the ground shows through somewhere; if not, the logo brings its own box.
    """

    width: int
    height: int
    colors: list[str]
    luminance: float
    transparent: bool


class Logo:
    """A decoded logo that can be drawn at any size.

    ``box`` is the visible part as fractions (left, top, right, bottom) of the whole picture. ``document`` is a clean
    SVG where the logo is one; drawing it costs ``passes`` over its pixels.
    """

    def __init__(self, *, pixels: Pixels, document: bytes | None = None, passes: float = 0.0) -> None:
        self.document = document
        self.passes = passes
        self.pixels, self.box = _trim(pixels)

    @property
    def width(self) -> int:
        """Pixels of the visible part."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels of the visible part."""
        return int(self.pixels.shape[0])

    def rasterise(self, width: int, height: int) -> Pixels:
        """The visible part as straight-alpha RGBA of exactly ``width`` x ``height`` pixels."""
        if self.document is None:
            return _resized(self.pixels, width, height)
        most = min(MAX_VECTOR_PIXELS, MAX_VECTOR_WORK / max(self.passes, 1.0))
        share = min(1.0, (most / (width * height)) ** 0.5)
        drawn_w, drawn_h = max(1, round(width * share)), max(1, round(height * share))
        left, top, right, bottom = self.box
        full_w, full_h = drawn_w / (right - left), drawn_h / (bottom - top)
        drawn = _draw_svg(self.document, full_w, full_h, (left * full_w, top * full_h, drawn_w, drawn_h))
        return drawn if share >= 1 else _resized(drawn, width, height)


def load_logo(data_uri: str, field: str = "logo") -> Logo:
    """Decode a data URI. Raises AssetRejected naming ``field`` for all but a sound picture within the limits."""
    data = bytes_of(data_uri, field)
    if sniff.media_type_of(data) == sniff.SVG:
        logo = _load_svg(data, field)
    else:
        logo = Logo(pixels=decode(data, field, most_pixels=MAX_KEPT_PIXELS))
    if not logo.pixels.size:
        reject(field, "the picture has no visible pixel", "give one that is not fully transparent")
    if not 1 / MAX_ASPECT <= logo.width / logo.height <= MAX_ASPECT:
        reject(field, f"its visible part is {logo.width}x{logo.height}", "give a logo that is less of a line")
    return logo


def logo_facts(data_uri: str, field: str = "logo") -> LogoFacts:
    """Measure a logo given as a data URI. Raises AssetRejected as ``load_logo`` does."""
    return facts(load_logo(data_uri, field))


def facts(logo: Logo) -> LogoFacts:
    """Measure a decoded logo; of a large one every n-th pixel, which is plenty for colours."""
    stride = max(1, max(logo.pixels.shape[:2]) // _MEASURED_PX)
    pixels = logo.pixels[::stride, ::stride]
    alpha = pixels[..., 3]
    visible = pixels[alpha >= _OPAQUE_ALPHA][:, :3]
    if not visible.size:
        visible = pixels[alpha > 0][:, :3]
    if not visible.size:  # a hairline that the stride stepped over
        visible = logo.pixels[logo.pixels[..., 3] > 0][:_MEASURED_PX, :3]
    return LogoFacts(
        width=logo.width,
        height=logo.height,
        colors=dominant(visible),
        luminance=round(float(luminance(visible).mean()), 4),
        transparent=bool((alpha < _OPAQUE_ALPHA).mean() > 0.01),  # noqa: PLR2004 - one percent: more than soft edges
    )


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """Scaled as premultiplied alpha, so that no colour bleeds out of what is transparent."""
    picture = Image.fromarray(pixels).convert("RGBa")
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0).convert("RGBA"))


def _load_svg(data: bytes, field: str) -> Logo:
    clean = svg.clean(data, field)
    scale = _PROBE_PX / max(clean.width, clean.height)
    size = (max(1, round(clean.width * scale)), max(1, round(clean.height * scale)))
    try:
        pixels = _draw_svg(clean.data, *size, (0, 0, *size))
        return Logo(pixels=pixels, document=clean.data, passes=clean.passes)
    except ValueError as error:
        raise AssetRejected("the SVG cannot be drawn", field=field, hint="save it as plain SVG 1.1") from error


def _draw_svg(document: bytes, width: float, height: float, window: tuple[float, float, int, int]) -> Pixels:
    """Draw at ``width`` x ``height`` and keep the window (x, y, w, h). Raises ValueError where Skia reads nothing."""
    dom = skia.SVGDOM.MakeFromStream(skia.MemoryStream(document, True))
    if dom is None:
        raise ValueError("no drawable SVG")
    x, y, window_w, window_h = window
    pixels = np.zeros((window_h, window_w, 4), np.uint8)
    surface = skia.Surface(pixels, skia.ColorType.kRGBA_8888_ColorType, skia.AlphaType.kPremul_AlphaType)
    canvas = surface.getCanvas()
    canvas.translate(-x, -y)
    dom.setContainerSize(skia.Size(width, height))
    dom.render(canvas)
    return _straight(pixels)


def _straight(premultiplied: Pixels) -> Pixels:
    alpha = premultiplied[..., 3:].astype(np.float32)
    rgb = premultiplied[..., :3] * (255 / np.maximum(alpha, 1))
    return np.concatenate([np.minimum(rgb + 0.5, 255), alpha], axis=2).astype(np.uint8)


def _trim(pixels: Pixels) -> tuple[Pixels, tuple[float, float, float, float]]:
    mask = pixels[..., 3] > _VISIBLE_ALPHA
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return pixels[:0, :0], (0.0, 0.0, 1.0, 1.0)
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    height, width = mask.shape
    return pixels[top:bottom, left:right], (left / width, top / height, right / width, bottom / height)
