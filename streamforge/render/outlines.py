"""Text as outlines, for documents that must look right where no font can be embedded.

Skia lays the glyphs out and traces them; nothing else of its SVG writer is used. Colour emoji have no outlines: their
lines become small pictures.
"""

from __future__ import annotations

import math
import re

import numpy as np
import skia
from PIL import Image

from streamforge.render import scripts
from streamforge.render.artwork import File, png_of
from streamforge.render.colour import Pixels
from streamforge.render.paint import set_lines
from streamforge.render.scene import Frame, Text

_PATH = re.compile(r'\sd="([^"]+)"')
_EMOJI_SCALE = 4
_RIM = 0.5
"""Room around a pictured line for accents and tails, in type sizes."""


def trace(text: Text) -> list[str | tuple[Frame, File]]:
    """Each line as SVG path data in the scene's px; a line with emoji as a picture, with where that goes."""
    return [
        _pictured(text, paragraph, x, baseline) if scripts.EMOJI.search(line) else _traced(paragraph, x, baseline)
        for line, (paragraph, x, baseline) in zip(text.lines, set_lines(text), strict=True)
    ]


def _pictured(text: Text, paragraph: skia.textlayout.Paragraph, x: float, baseline: float) -> tuple[Frame, File]:
    """The line alone, at several times its size."""
    rim, scale = text.px * _RIM, _EMOJI_SCALE
    frame = Frame(x - rim, baseline - text.px - rim, paragraph.MaxIntrinsicWidth + 2 * rim, text.px * 1.4 + 2 * rim)
    pixels: Pixels = np.zeros((math.ceil(frame.height * scale), math.ceil(frame.width * scale), 4), np.uint8)
    surface = skia.Surface(pixels, skia.ColorType.kRGBA_8888_ColorType, skia.AlphaType.kPremul_AlphaType)
    canvas = surface.getCanvas()
    canvas.scale(scale, scale)
    paragraph.paint(canvas, x - frame.x, baseline - paragraph.AlphabeticBaseline - frame.y)
    height, width = pixels.shape[:2]
    shown = np.asarray(Image.frombytes("RGBa", (width, height), pixels).convert("RGBA"))
    return Frame(frame.x, frame.y, width / scale, height / scale), png_of(shown)


def _traced(paragraph: skia.textlayout.Paragraph, x: float, baseline: float) -> str:
    stream = skia.DynamicMemoryWStream()
    area = skia.Rect.MakeWH(paragraph.MaxIntrinsicWidth + x, paragraph.Height + baseline)
    canvas = skia.SVGCanvas.Make(area, stream, skia.SVGCanvas.kConvertTextToPaths_Flag)
    paragraph.paint(canvas, x, baseline - paragraph.AlphabeticBaseline)
    del canvas  # it writes its last words when it goes
    return "".join(_PATH.findall(bytes(stream.detachAsData()).decode()))
