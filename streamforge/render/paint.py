"""Paint a scene with Skia into a numpy buffer.

The buffer is premultiplied RGBA that Skia draws into without a copy; as a banner is opaque, it is straight RGBA as
well. Shadows are blurred masks, not image filters: three times faster. Skia never releases the GIL and can crash on
hostile input, so this runs in a pool child.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

import numpy as np
import skia

from streamforge.errors import AssetRejected
from streamforge.render.colour import Pixels, Rgb
from streamforge.render.scene import (
    Circle,
    Frame,
    Glow,
    Gradient,
    Picture,
    Polygon,
    Rect,
    Scene,
    Shadow,
    Shape,
    Text,
)
from streamforge.render.text import shape

MAX_PIXELS = 16_000_000


class Easel:
    """A canvas under paint: ``pixels`` is (height, width, 4) uint8 RGBA and shows every call's effect at once."""

    def __init__(self, width: int, height: int) -> None:
        if width * height > MAX_PIXELS:
            raise AssetRejected(f"a canvas of {width}x{height} is over {MAX_PIXELS} pixels", field="size")
        self.pixels: Pixels = np.zeros((height, width, 4), np.uint8)
        self._surface = skia.Surface(self.pixels, skia.ColorType.kRGBA_8888_ColorType, skia.AlphaType.kPremul_AlphaType)
        self._canvas = self._surface.getCanvas()

    def ground(self, scene: Scene) -> None:
        """Paint the ground and the shapes of a scene over everything."""
        self._canvas.clear(_argb(scene.ground, 1.0))
        self.shapes(scene.shapes)

    def shapes(self, shapes: Iterable[Shape]) -> None:
        """Paint shapes on top of what is there."""
        for item in shapes:
            _draw(item, self._canvas)

    def picture(self, where: Picture, pixels: Pixels) -> None:
        """Paint straight-alpha RGBA pixels at the picture's place."""
        image = skia.Image.fromarray(
            np.ascontiguousarray(pixels), skia.ColorType.kRGBA_8888_ColorType, skia.AlphaType.kUnpremul_AlphaType
        )
        self._canvas.drawImage(image, round(where.frame.x), round(where.frame.y))

    def text(self, text: Text) -> None:
        """Paint every line of a text on its baseline."""
        colour = _argb(text.colour, 1.0)
        for index, line in enumerate(text.lines):
            paragraph = shape(line, text.style, text.px, colour)
            free = text.frame.width - (paragraph.MaxIntrinsicWidth - text.style.tracking * text.px)
            x = text.frame.x + {"left": 0.0, "center": free / 2, "right": free}[text.align]
            baseline = text.frame.y + (text.rise + text.style.leading * index) * text.px
            paragraph.paint(self._canvas, x, baseline - paragraph.AlphabeticBaseline)


def _argb(colour: Rgb, opacity: float) -> int:
    return skia.ColorSetARGB(round(opacity * 255), *colour)


def _paint(colour: Rgb, opacity: float, stroke: float = 0.0) -> skia.Paint:
    if stroke:
        return skia.Paint(
            Color=_argb(colour, opacity), AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=stroke
        )
    return skia.Paint(Color=_argb(colour, opacity), AntiAlias=True)


def _rect(frame: Frame) -> skia.Rect:
    return skia.Rect.MakeXYWH(frame.x, frame.y, frame.width, frame.height)


@singledispatch
def _draw(item: Shape, canvas: skia.Canvas) -> None:
    raise TypeError(f"no way to draw {type(item).__name__} on {canvas}")


@_draw.register
def _(item: Rect, canvas: skia.Canvas) -> None:
    rounded = skia.RRect.MakeRectXY(_rect(item.frame), item.radius, item.radius)
    canvas.drawRRect(rounded, _paint(item.colour, item.opacity, item.stroke))


@_draw.register
def _(item: Circle, canvas: skia.Canvas) -> None:
    canvas.drawCircle(item.x, item.y, item.radius, _paint(item.colour, item.opacity, item.stroke))


@_draw.register
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


@_draw.register
def _(item: Gradient, canvas: skia.Canvas) -> None:
    ends = [skia.Point(*item.start), skia.Point(*item.end)]
    shader = skia.GradientShader.MakeLinear(ends, [_argb(colour, 1.0) for colour in item.colours])
    canvas.drawRect(_rect(item.frame), skia.Paint(Shader=shader))


@_draw.register
def _(item: Glow, canvas: skia.Canvas) -> None:
    colours = [_argb(item.colour, item.opacity * share) for share in (1.0, 0.55, 0.18, 0.0)]
    shader = skia.GradientShader.MakeRadial(skia.Point(item.x, item.y), item.radius, colours, [0.0, 0.35, 0.7, 1.0])
    canvas.drawCircle(item.x, item.y, item.radius, skia.Paint(Shader=shader, AntiAlias=True))


@_draw.register
def _(item: Shadow, canvas: skia.Canvas) -> None:
    paint = _paint(item.colour, item.opacity)
    paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.BlurStyle.kNormal_BlurStyle, item.sigma))
    lower = Frame(item.frame.x, item.frame.y + item.drop, item.frame.width, item.frame.height)
    canvas.drawRRect(skia.RRect.MakeRectXY(_rect(lower), item.radius, item.radius), paint)
