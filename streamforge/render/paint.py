"""Paint a scene with Skia into a numpy buffer.

The buffer is premultiplied RGBA that Skia draws into without a copy; as a banner is opaque, it is straight RGBA as
well. Shadows are blurred masks, not image filters: three times faster. Skia never releases the GIL and can crash on
hostile input, so this runs in a pool child.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import singledispatch

import numpy as np
import skia
from numpy.typing import NDArray

from streamforge.errors import AssetRejected
from streamforge.render import text
from streamforge.render.artwork import Artwork
from streamforge.render.colour import Pixels, Rgb
from streamforge.render.ligatures import parted
from streamforge.render.scene import (
    FADE,
    Circle,
    Frame,
    Glow,
    Gradient,
    Item,
    Picture,
    Polygon,
    Rect,
    Scene,
    Shadow,
    Shape,
    Text,
)

MAX_PIXELS = 64_000_000
"""Four times the largest canvas, as an export at twice the size has: 256 MB."""

_BLEND_STEPS = 1 << 13
"""How finely a gradient is cut: far finer than its colours."""

Artworks = Mapping[str, Artwork]


class Easel:
    """A canvas under paint: ``pixels`` is (height, width, 4) uint8 RGBA and shows every call's effect at once.

    ``scale`` multiplies the pixels; what is painted stays in the scene's own px.
    """

    def __init__(self, width: int, height: int, scale: int = 1) -> None:
        if width * height * scale * scale > MAX_PIXELS:
            raise AssetRejected(f"a canvas of {width}x{height} is over {MAX_PIXELS} pixels", field="size")
        self.scale = scale
        self.pixels: Pixels = np.zeros((height * scale, width * scale, 4), np.uint8)
        self._surface = skia.Surface(self.pixels, skia.ColorType.kRGBA_8888_ColorType, skia.AlphaType.kPremul_AlphaType)
        self._canvas = self._surface.getCanvas()
        self._canvas.scale(scale, scale)

    def clear(self, colour: Rgb) -> None:
        """Fill everything with one colour."""
        self._canvas.clear(_argb(colour, 1.0))

    def paint(self, items: Iterable[Item], artworks: Artworks | None = None) -> None:
        """Paint on top of what is there; every picture's artwork stands under its id in ``artworks``."""
        for item in items:
            if isinstance(item, Picture):
                self._picture(item, (artworks or {})[item.id])
            elif isinstance(item, Text):
                self.text(item)
            elif isinstance(item, Gradient) and self._is_filled_by(item):
                self._blend(item)
            else:
                draw(item, self._canvas)

    def text(self, item: Text) -> None:
        """Paint every line of a text on its baseline."""
        draw_text(item, self._canvas)

    def _is_filled_by(self, item: Gradient) -> bool:
        """Whether the gradient replaces every pixel there is."""
        height, width = (side / self.scale for side in self.pixels.shape[:2])
        is_whole = item.frame == Frame(0, 0, width, height) and not item.radius
        return is_whole and item.opacities == (1.0, 1.0) and item.start != item.end

    def _blend(self, item: Gradient) -> None:
        """A gradient over everything: a quarter of the time that Skia takes, within a step of its colours.

        How far along a pixel lies is the sum of what its column and its row give; that sum looks its colour up.
        """
        height, width = self.pixels.shape[:2]
        along, down = item.end[0] - item.start[0], item.end[1] - item.start[1]
        steps = _BLEND_STEPS / (along**2 + down**2)
        columns = self._centres(width, item.start[0]) * (along * steps)
        rows = self._centres(height, item.start[1]) * (down * steps)
        places = np.rint(columns).astype(np.intp) + np.rint(rows).astype(np.intp)[:, None]
        np.take(_ramp(*item.colours), places, out=self.pixels.view(np.uint32)[..., 0], mode="clip")

    def _centres(self, count: int, start: float) -> NDArray[np.float64]:
        """How far (px of the scene) the middles of so many pixels lie from ``start``."""
        return (np.arange(count) + 0.5) / self.scale - start

    def _picture(self, item: Picture, artwork: Artwork) -> None:
        """The artwork at the size it has on the canvas, pixel on pixel."""
        frame, scale = item.frame, self.scale
        width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
        pixels = np.ascontiguousarray(artwork.pixels(width, height, item.crop))
        image = skia.Image.fromarray(pixels, skia.ColorType.kRGBA_8888_ColorType, skia.AlphaType.kUnpremul_AlphaType)
        self._canvas.save()
        if item.radius:
            self._canvas.clipRRect(skia.RRect.MakeRectXY(rect(frame), item.radius, item.radius), doAntiAlias=True)
        self._canvas.scale(1 / scale, 1 / scale)
        self._canvas.drawImage(image, round(frame.x * scale), round(frame.y * scale))
        self._canvas.restore()


def paint(scene: Scene, artworks: Artworks, scale: int = 1) -> Pixels:
    """The whole scene as (height, width, 4) RGBA."""
    easel = Easel(scene.width, scene.height, scale)
    easel.clear(scene.ground)
    easel.paint(scene.items(), artworks)
    return easel.pixels


def draw_text(item: Text, canvas: skia.Canvas, *, static: bool = False) -> None:
    """Draw every line of a text on its baseline; with ``static``, from fonts that a PDF can embed."""
    for paragraph, x, baseline in set_lines(item, static=static):
        paragraph.paint(canvas, x, baseline - paragraph.AlphabeticBaseline)


def set_lines(item: Text, *, static: bool = False) -> Iterator[tuple[skia.textlayout.Paragraph, float, float]]:
    """Each line shaped, with the x of its left end and the y of its baseline."""
    colour = _argb(item.colour, 1.0)
    for index, line in enumerate(item.lines):
        shown = parted(line, item.style) if static else line
        paragraph = text.shape(shown, item.style, item.px, colour, static=static)
        free = item.frame.width - (paragraph.MaxIntrinsicWidth - item.style.tracking * item.px)
        aside = {"left": 0.0, "center": free / 2, "right": free}[item.align]
        yield paragraph, item.frame.x + aside, item.baseline(index)


def _ramp(first: Rgb, last: Rgb) -> NDArray[np.uint32]:
    """The opaque pixels from one colour to another."""
    start, end = (np.array((*colour, 255), np.float64) for colour in (first, last))
    shades = start + (end - start) * np.linspace(0, 1, _BLEND_STEPS + 1)[:, None]
    return np.rint(shades).astype(np.uint8).view(np.uint32)[:, 0]


def rect(frame: Frame) -> skia.Rect:
    """The frame as Skia has it."""
    return skia.Rect.MakeXYWH(frame.x, frame.y, frame.width, frame.height)


def _argb(colour: Rgb, opacity: float) -> int:
    return skia.ColorSetARGB(round(opacity * 255), *colour)


def _paint(colour: Rgb, opacity: float, stroke: float = 0.0) -> skia.Paint:
    if stroke:
        return skia.Paint(
            Color=_argb(colour, opacity), AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=stroke
        )
    return skia.Paint(Color=_argb(colour, opacity), AntiAlias=True)


@singledispatch
def draw(item: Shape, canvas: skia.Canvas) -> None:
    """Draw one shape."""
    raise TypeError(f"no way to draw {type(item).__name__} on {canvas}")


@draw.register
def _(item: Rect, canvas: skia.Canvas) -> None:
    rounded = skia.RRect.MakeRectXY(rect(item.frame), item.radius, item.radius)
    canvas.drawRRect(rounded, _paint(item.colour, item.opacity, item.stroke))


@draw.register
def _(item: Circle, canvas: skia.Canvas) -> None:
    canvas.drawCircle(item.x, item.y, item.radius, _paint(item.colour, item.opacity, item.stroke))


@draw.register
def _(item: Polygon, canvas: skia.Canvas) -> None:
    path = skia.Path()
    first, *rest = item.points
    path.moveTo(*first)
    if item.smooth:
        for one, two, end in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
            path.cubicTo(*one, *two, *end)
    else:
        for point in rest:
            path.lineTo(*point)
    path.close()
    canvas.drawPath(path, _paint(item.colour, item.opacity))


@draw.register
def _(item: Gradient, canvas: skia.Canvas) -> None:
    ends = [skia.Point(*item.start), skia.Point(*item.end)]
    colours = [_argb(colour, opacity) for colour, opacity in zip(item.colours, item.opacities, strict=True)]
    shader = skia.GradientShader.MakeLinear(ends, colours)
    if item.radius:
        rounded = skia.RRect.MakeRectXY(rect(item.frame), item.radius, item.radius)
        canvas.drawRRect(rounded, skia.Paint(Shader=shader, AntiAlias=True))
    else:
        canvas.drawRect(rect(item.frame), skia.Paint(Shader=shader))


@draw.register
def _(item: Glow, canvas: skia.Canvas) -> None:
    colours = [_argb(item.colour, item.opacity * share) for _, share in FADE]
    middle, stops = skia.Point(item.x, item.y), [stop for stop, _ in FADE]
    shader = skia.GradientShader.MakeRadial(middle, item.radius, colours, stops)
    canvas.drawCircle(item.x, item.y, item.radius, skia.Paint(Shader=shader, AntiAlias=True))


@draw.register
def _(item: Shadow, canvas: skia.Canvas) -> None:
    paint = _paint(item.colour, item.opacity)
    paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.BlurStyle.kNormal_BlurStyle, item.sigma))
    lower = Frame(item.frame.x, item.frame.y + item.drop, item.frame.width, item.frame.height)
    canvas.drawRRect(skia.RRect.MakeRectXY(rect(lower), item.radius, item.radius), paint)
