"""A scene as an SVG that stays editable: shapes as shapes, text as text, one group an element.

It holds everything it needs: pictures in their own bytes, and of each font the letters that are used, under the name
by which an installed copy is found too. Nothing is fetched and nothing runs. Written from the scene alone: Skia's own
SVG writer drops what has a blur, and takes text apart.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from functools import singledispatchmethod
from html import escape
from typing import Literal

from streamforge.render import fonts, outlines, scripts
from streamforge.render.artwork import Artwork, File
from streamforge.render.colour import Rgb, to_hex
from streamforge.render.faces import faces_of, family_name, fonts_of
from streamforge.render.paint import Artworks
from streamforge.render.scene import (
    FADE,
    WHOLE,
    Circle,
    Frame,
    Glow,
    Gradient,
    Group,
    Item,
    Picture,
    Polygon,
    Rect,
    Scene,
    Shadow,
    Text,
)

TextForm = Literal["embedded", "paths"]
_ANCHORS = {"left": "start", "center": "middle", "right": "end"}
_GAP = '<tspan font-size="0" letter-spacing="0"> </tspan>'
"""Between two lines: a space that takes none, so that words copied or searched over a break stay apart."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FILTER_REACH = 3.2
"""How far a blur is drawn, in standard deviations: what lies beyond is under half a level of 255."""


def write_svg(scene: Scene, artworks: Artworks, *, text: TextForm = "embedded", title: str = "") -> bytes:
    """The scene as an SVG 1.1 document with embedded fonts, or with text as outlines that need no font.

    Every item of the scene is one element with ``data-kind``; a group has its element's id and ``data-role``.
    """
    writer = _Writer(artworks, text)
    groups = [writer.group(group) for group in scene.groups]
    words = " ".join(line for item in scene.texts for line in item.lines)
    size = f'width="{scene.width}" height="{scene.height}" viewBox="0 0 {scene.width} {scene.height}"'
    namespaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    parts = [
        f'<svg {namespaces} version="1.1" {size} role="img" text-rendering="geometricPrecision">',
        f"<title>{_escaped(title or words)}</title>",
        f"<desc>{_escaped(words)}</desc>",
        *writer.definitions(scene.texts),
        f'<rect id="canvas-ground" width="{scene.width}" height="{scene.height}" fill="{to_hex(scene.ground)}"/>',
        *groups,
        "</svg>\n",
    ]
    return "\n".join(parts).encode()


class _Writer:
    """Turns items into elements, and gathers what these refer to."""

    def __init__(self, artworks: Artworks, text: TextForm) -> None:
        self._artworks = artworks
        self._outlined = text == "paths"
        self._defs: list[str] = []

    def group(self, group: Group) -> str:
        """An element's group."""
        items = "\n".join(self.element(item) for item in group.items)
        return f'<g id="{_escaped(group.id)}" data-role="{_escaped(group.role)}">\n{items}\n</g>'

    def definitions(self, texts: Iterable[Text]) -> list[str]:
        """Fonts, gradients, filters and clips; to be asked for once all groups are written."""
        style = [] if self._outlined else [f"<style>{_font_rules(texts)}</style>"]
        return ["<defs>", *style, *self._defs, "</defs>"] if style or self._defs else []

    def _define(self, build: Callable[[str], str]) -> str:
        name = f"def-{len(self._defs) + 1}"
        self._defs.append(build(name))
        return name

    @singledispatchmethod
    def element(self, item: Item) -> str:
        """One item."""
        raise TypeError(f"no way to write {type(item).__name__}")

    @element.register
    def _(self, item: Rect) -> str:
        paint = _paint(item.colour, item.opacity, item.stroke)
        return f'<rect data-kind="rect" {_box(item.frame)}{_rounded(item.radius)} {paint}/>'

    @element.register
    def _(self, item: Circle) -> str:
        place = f'cx="{_n(item.x)}" cy="{_n(item.y)}" r="{_n(item.radius)}"'
        return f'<circle data-kind="circle" {place} {_paint(item.colour, item.opacity, item.stroke)}/>'

    @element.register
    def _(self, item: Polygon) -> str:
        first, *rest = [f"{_n(x)} {_n(y)}" for x, y in item.points]
        path = f"M{first}{'C' if item.smooth else 'L'}{' '.join(rest)}Z"
        return f'<path data-kind="polygon" d="{path}" {_paint(item.colour, item.opacity)}/>'

    @element.register
    def _(self, item: Gradient) -> str:
        (x1, y1), (x2, y2) = item.start, item.end
        line = f'gradientUnits="userSpaceOnUse" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"'
        stops = "".join(map(_stop, (0.0, 1.0), item.colours, item.opacities))
        name = self._define(lambda name: f'<linearGradient id="{name}" {line}>{stops}</linearGradient>')
        return f'<rect data-kind="gradient" {_box(item.frame)}{_rounded(item.radius)} fill="url(#{name})"/>'

    @element.register
    def _(self, item: Glow) -> str:
        place = f'cx="{_n(item.x)}" cy="{_n(item.y)}" r="{_n(item.radius)}"'
        stops = "".join(_stop(at, item.colour, item.opacity * share) for at, share in FADE)
        name = self._define(
            lambda name: f'<radialGradient id="{name}" gradientUnits="userSpaceOnUse" {place}>{stops}</radialGradient>'
        )
        return f'<circle data-kind="glow" {place} fill="url(#{name})"/>'

    @element.register
    def _(self, item: Shadow) -> str:
        frame = Frame(item.frame.x, item.frame.y + item.drop, item.frame.width, item.frame.height)
        area = f'filterUnits="userSpaceOnUse" {_box(frame.grown(item.sigma * _FILTER_REACH))}'
        blur = f'<feGaussianBlur stdDeviation="{_n(item.sigma)}"/>'
        name = self._define(
            lambda name: f'<filter id="{name}" {area} color-interpolation-filters="sRGB">{blur}</filter>'
        )
        paint = _paint(item.colour, item.opacity)
        return f'<rect data-kind="shadow" {_box(frame)}{_rounded(item.radius)} {paint} filter="url(#{name})"/>'

    @element.register
    def _(self, item: Picture) -> str:
        clip = ""
        if item.radius:
            shape = f"<rect {_box(item.frame)}{_rounded(item.radius)}/>"
            name = self._define(lambda name: f'<clipPath id="{name}">{shape}</clipPath>')
            clip = f' clip-path="url(#{name})"'
        return f'<g data-kind="picture"{clip}>{_image(item, self._artworks[item.id])}</g>'

    @element.register
    def _(self, item: Text) -> str:
        return _outlines(item) if self._outlined else _text(item)


def _text(item: Text) -> str:
    """A text whose lines are placed one by one, each anchored where it is aligned, so that it can be typed over."""
    tracking = item.style.tracking * item.px
    place = {
        "left": item.frame.x,
        "center": item.frame.x + (item.frame.width + tracking) / 2,  # an anchor counts the space after the last letter
        "right": item.frame.right + tracking,
    }
    lines = [
        f'<tspan x="{_n(place[item.align])}" y="{_n(item.baseline(index))}">{_escaped(scripts.directed(line))}</tspan>'
        for index, line in enumerate(item.lines)
    ]
    families = "".join(f"'{name}', " for name in dict.fromkeys(family_name(face) for face in faces_of(item)))
    font = f'font-family="{_escaped(families)}sans-serif" font-weight="{item.style.weight}" font-size="{_n(item.px)}"'
    spacing = f' letter-spacing="{_n(tracking)}"' if tracking else ""
    anchor = f' text-anchor="{_ANCHORS[item.align]}"' if item.align != "left" else ""
    gap = "" if scripts.UNSPACED.search(item.lines[0]) or scripts.WIDE.search(item.lines[0]) else _GAP
    return f'<text data-kind="text" {font}{spacing}{anchor} fill="{to_hex(item.colour)}">{gap.join(lines)}</text>'


def _outlines(item: Text) -> str:
    lines = [
        f'<path d="{line}"/>' if isinstance(line, str) else f"<image {_box(line[0])} {_embedded(line[1])}/>"
        for line in outlines.trace(item)
    ]
    words = _escaped(" ".join(item.lines))
    return f'<g data-kind="text" aria-label="{words}" fill="{to_hex(item.colour)}">{"".join(lines)}</g>'


def _font_rules(texts: Iterable[Text]) -> str:
    """The letters of every face that the texts use."""
    rules: list[str] = []
    for face, characters in fonts_of(texts).items():
        source = _data_uri("font/woff", fonts.subset(face.family, face.weight, characters, "woff"))
        rules.append(f'@font-face{{font-family:"{family_name(face)}";font-weight:{face.weight};src:url({source})}}')
    return _escaped("".join(rules), quote=False)


def _image(item: Picture, artwork: Artwork) -> str:
    """The picture's own file; a cropped one in a window that shows the part."""
    file, frame = artwork.file, item.frame
    data = _embedded(file)
    crop = file.part(item.crop)
    if crop == WHOLE:
        return f"<image {_box(frame)} {data}/>"
    width, height = frame.width / (crop[2] - crop[0]), frame.height / (crop[3] - crop[1])
    view = f'viewBox="{_n(crop[0] * width)} {_n(crop[1] * height)} {_n(frame.width)} {_n(frame.height)}"'
    whole = f'<image width="{_n(width)}" height="{_n(height)}" {data}/>'
    return f'<svg {_box(frame)} {view} preserveAspectRatio="none" overflow="hidden">{whole}</svg>'


def _embedded(file: File) -> str:
    return f'xlink:href="{_data_uri(file.media_type, file.data)}" preserveAspectRatio="none"'


def _data_uri(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _n(value: float) -> str:
    """A number in at most three decimals."""
    return f"{round(value, 3) + 0.0:.3f}".rstrip("0").rstrip(".")


def _box(frame: Frame) -> str:
    return f'x="{_n(frame.x)}" y="{_n(frame.y)}" width="{_n(frame.width)}" height="{_n(frame.height)}"'


def _rounded(radius: float) -> str:
    return f' rx="{_n(radius)}"' if radius else ""


def _paint(colour: Rgb, opacity: float, stroke: float = 0.0) -> str:
    if stroke:
        seen = f' stroke-opacity="{_n(opacity)}"' if opacity < 1 else ""
        return f'fill="none" stroke="{to_hex(colour)}" stroke-width="{_n(stroke)}"{seen}'
    return f'fill="{to_hex(colour)}"' + (f' fill-opacity="{_n(opacity)}"' if opacity < 1 else "")


def _stop(at: float, colour: Rgb, opacity: float) -> str:
    seen = f' stop-opacity="{_n(opacity)}"' if opacity < 1 else ""
    return f'<stop offset="{_n(at)}" stop-color="{to_hex(colour)}"{seen}/>'


def _escaped(text: str, *, quote: bool = True) -> str:
    """Text for content and attributes, without the characters that XML has no way to write."""
    return escape(_NOT_XML.sub("", text), quote=quote)
