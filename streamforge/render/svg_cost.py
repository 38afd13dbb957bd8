"""What drawing an SVG costs, before it is drawn: counted as a renderer walks it, through every reference.

The unit is one translucent pass over the picture. The weights were measured on Skia: a mask costs four passes, a tile
pattern twelve; a long outline, above all a dashed one, costs more than its bytes tell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from msgspec import Struct

from streamforge.render.raster import reject

MAX_DEPTH = 64
MAX_VISITS = 20_000
MAX_PASSES = 1500.0

_LAYERS = {"opacity": 1.0, "fill-opacity": 1.0, "stroke-opacity": 1.0, "clip-path": 1.0, "mask": 4.0}
_PATTERN_PASSES = 12.0
_FILLED_NUMBERS = 3000
_STROKED_NUMBERS = 40
_DASHES = 530
"""The dashes of one path that cost a pass; twice as many cost four, for each is weighed against all others."""
_MOST_DASHES = 1_000_000
"""Skia draws no path with more."""
_GEOMETRY = ("d", "points", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "width", "height")
_NUMBERS = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_URL = re.compile(r"url\(\s*['\"]?#([^'\")\s]{1,200})")


class _Outline(Struct, frozen=True):
    """The numbers of a shape: how many, and their sum without signs, which bounds its length."""

    count: int
    extent: float


class _State(Struct, frozen=True):
    """What a shape inherits: whether it is stroked, and the length of its dashes (0: none)."""

    is_stroked: bool = False
    dash: float = 0.0

    def within(self, node: Element) -> _State:
        stroke = node.get("stroke", "inherit")
        dashes = node.get("stroke-dasharray", "inherit")
        return _State(
            self.is_stroked if stroke == "inherit" else stroke != "none",
            self.dash if dashes == "inherit" else sum(map(float, _NUMBERS.findall(dashes))),
        )


def passes_of(root: Element, field: str) -> float:
    """The cost of a rewritten document. Raises AssetRejected over a limit; cycles and bombs run into one."""
    by_id = {node.get("id", ""): node for node in root.iter()}
    outlines: dict[int, _Outline] = {}
    stack: list[tuple[Element, int, _State]] = [(root, 1, _State())]
    visits, passes = 0, 0.0
    while stack:
        node, depth, above = stack.pop()
        visits += 1
        state = above.within(node)
        if id(node) not in outlines:
            outlines[id(node)] = _outline_of(node)
        passes += _passes(node, outlines[id(node)], state)
        if depth > MAX_DEPTH or visits > MAX_VISITS or passes > MAX_PASSES:
            reject(field, "the SVG asks for endless or countless shapes and layers", "expand and simplify its shapes")
        stack.extend((child, depth + 1, state) for child in node)
        stack.extend((by_id[name], depth + 1, state) for name in _references(node) if name in by_id)
    return passes


def _outline_of(node: Element) -> _Outline:
    found = [float(text) for name in _GEOMETRY for text in _NUMBERS.findall(node.get(name, ""))]
    return _Outline(len(found), math.fsum(min(abs(number), 1e12) for number in found))


def _passes(node: Element, outline: _Outline, state: _State) -> float:
    layers = sum(weight for name, weight in _LAYERS.items() if name in node.attrib)
    tiles = _PATTERN_PASSES if node.tag == "pattern" else 0.0
    if not state.is_stroked:
        return layers + tiles + outline.count / _FILLED_NUMBERS
    dashes = min(4 * outline.extent / state.dash, _MOST_DASHES) if state.dash > 0 else 0.0
    return layers + tiles + outline.count / _STROKED_NUMBERS + (dashes / _DASHES) ** 2


def _references(node: Element) -> Iterator[str]:
    for name, value in node.attrib.items():
        if name == "xlink:href":
            yield value[1:]
        elif "url(" in value:
            yield from _URL.findall(value)
